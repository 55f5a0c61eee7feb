// Command timing measures text/template with sprig, and regexp: standard input
// is one object {"template", "data", "rounds", "pattern", "names", "matching"};
// the answer has what the template printed, how many names match, and
// nanoseconds for parsing and running it once, for running it once, and for
// matching all names once.
package main

import (
	"encoding/json"
	"log"
	"os"
	"regexp"
	"strings"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

type question struct {
	Template string
	Data     map[string]string
	Rounds   int
	Pattern  string
	Names    []string
	Matching int
}

type answer struct {
	Out      string `json:"out"`
	Matches  int    `json:"matches"`
	ParseRun int64  `json:"parse_run"`
	Run      int64  `json:"run"`
	Names    int64  `json:"names"`
}

func nanoseconds(rounds int, round func()) int64 {
	for i := 0; i < rounds/10; i++ {
		round()
	}
	start := time.Now()
	for i := 0; i < rounds; i++ {
		round()
	}
	return time.Since(start).Nanoseconds() / int64(rounds)
}

func main() {
	var q question
	if err := json.NewDecoder(os.Stdin).Decode(&q); err != nil {
		log.Fatal(err)
	}
	// Built once, as External Secrets does.
	functions := sprig.TxtFuncMap()
	parse := func() *template.Template {
		return template.Must(template.New("t").Option("missingkey=error").Funcs(functions).Parse(q.Template))
	}
	run := func(t *template.Template) string {
		var out strings.Builder
		if err := t.Execute(&out, q.Data); err != nil {
			log.Fatal(err)
		}
		return out.String()
	}
	pattern := regexp.MustCompile(q.Pattern)
	matches := 0
	match := func() {
		matches = 0
		for _, name := range q.Names {
			if pattern.MatchString(name) {
				matches++
			}
		}
	}
	parsed := parse()
	a := answer{Out: run(parsed)}
	a.ParseRun = nanoseconds(q.Rounds, func() { run(parse()) })
	a.Run = nanoseconds(q.Rounds, func() { run(parsed) })
	a.Names = nanoseconds(q.Matching, match)
	a.Matches = matches
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		log.Fatal(err)
	}
}
