// Command template executes with Go's text/template and sprig (without the
// functions that read the environment): each line of standard input is
// {"T": template, "D": data, "M": missingkey, "S": secret, "E": external}, where
// M defaults to "error", S, a map of strings, replaces the data, and E adds the
// functions of External Secrets; each answer is {"t": template, "out": ..., "err": ...}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

type question struct {
	T string
	D map[string]any
	M string
	S map[string]string
	E bool
}

func functions(isExternal bool) template.FuncMap {
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	delete(functions, "getHostByName")
	if isExternal {
		maps.Copy(functions, external())
	}
	return functions
}

func execute(q question) (string, error) {
	if q.M == "" {
		q.M = "error"
	}
	parsed, err := template.New("x").Option("missingkey=" + q.M).Funcs(functions(q.E)).Parse(q.T)
	if err != nil {
		return "", err
	}
	var data any = q.D
	if q.S != nil {
		data = q.S
	}
	var out strings.Builder
	if err := parsed.Execute(&out, data); err != nil {
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
