// Command gjson answers paths with tidwall/gjson: the document is the file
// named by its argument, standard input has one path a line, and each answer is
// one line of JSON: [path, exists, string form, raw].
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
	document, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	paths := bufio.NewScanner(os.Stdin)
	for paths.Scan() {
		result := gjson.Get(string(document), paths.Text())
		answer, err := json.Marshal([]any{paths.Text(), result.Exists(), result.String(), result.Raw})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(answer))
	}
}
