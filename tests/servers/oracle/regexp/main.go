// Command regexp matches with Go's regexp: each line of standard input is
// [pattern, input] or [pattern, input, replacement], each answer [pattern,
// input, leftmost match as "[start end]" or "[]", or "ERR" and the error where the
// pattern does not compile]; with a replacement followed by the indices of all matches
// and their groups, the input with all matches replaced, and its parts between
// the matches.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"regexp"
	"strings"
)

func answer(question []string) []string {
	text := question[1]
	pattern, err := regexp.Compile(question[0])
	if err != nil {
		return append(question[:2:2], "ERR", err.Error())
	}
	answer := append(question[:2:2], fmt.Sprint(pattern.FindStringIndex(text)))
	if len(question) > 2 {
		all := fmt.Sprint(pattern.FindAllStringSubmatchIndex(text, -1))
		parts := strings.Join(pattern.Split(text, -1), "\n")
		answer = append(answer, all, pattern.ReplaceAllString(text, question[2]), parts)
	}
	return answer
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		var question []string
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			log.Fatal(err)
		}
		text, err := json.Marshal(answer(question))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(text))
	}
}
