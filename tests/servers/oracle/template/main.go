// Command template executes with Go's text/template and sprig (without the
// functions that read the environment): each line of standard input is
// {"T": template, "D": data}, each answer {"t": template, "out": ..., "err": ...}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

type question struct {
	T string
	D map[string]any
}

func functions() template.FuncMap {
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = func(value any) (string, error) {
		text, err := json.Marshal(value)
		return string(text), err
	}
	return functions
}

func execute(q question) (string, error) {
	parsed, err := template.New("x").Option("missingkey=error").Funcs(functions()).Parse(q.T)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := parsed.Execute(&out, q.D); err != nil {
		return "", err
	}
	return out.String(), nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			log.Fatal(err)
		}
		answer := map[string]any{"t": q.T, "out": "", "err": ""}
		if out, err := execute(q); err == nil {
			answer["out"] = out
		} else {
			answer["err"] = err.Error()
		}
		text, err := json.Marshal(answer)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(text))
	}
}
