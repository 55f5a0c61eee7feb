// Command regexp matches with Go's regexp: each line of standard input is
// [pattern, input], each answer [pattern, input, leftmost match as "[start end]"
// or "[]", or "ERR" where the pattern does not compile].
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"regexp"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		var question [2]string
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			log.Fatal(err)
		}
		found := "ERR"
		if pattern, err := regexp.Compile(question[0]); err == nil {
			found = fmt.Sprint(pattern.FindStringIndex(question[1]))
		}
		answer, err := json.Marshal([]string{question[0], question[1], found})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(answer))
	}
}
