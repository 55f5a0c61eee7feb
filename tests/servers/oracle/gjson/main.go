// Command gjson answers paths with tidwall/gjson: each line of standard input
// is [document, path], each answer [path, exists, string form, raw].
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/tidwall/gjson"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		var question [2]string
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			log.Fatal(err)
		}
		result := gjson.Get(question[0], question[1])
		answer, err := json.Marshal([]any{question[1], result.Exists(), result.String(), result.Raw})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(answer))
	}
}
