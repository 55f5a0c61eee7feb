// Command yaml reads YAML with go-yaml v3: each line of standard input names a
// file, each answer is one line of JSON with every node of every document in
// depth-first order.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"go.yaml.in/yaml/v3"
)

type node struct {
	Depth       int    `json:"d"`
	Kind        string `json:"k"`
	Tag         string `json:"t"`
	Style       int    `json:"s"`
	Value       string `json:"v"`
	Line        int    `json:"l"`
	Column      int    `json:"c"`
	Anchor      string `json:"a,omitempty"`
	HeadComment string `json:"hc,omitempty"`
	LineComment string `json:"lc,omitempty"`
	FootComment string `json:"fc,omitempty"`
	// Go type and value after resolution, or "ERR ...", or "PANIC ...".
	Resolved string `json:"g,omitempty"`
}

type answer struct {
	File      string   `json:"f"`
	Accepted  bool     `json:"ok"`
	Error     string   `json:"e,omitempty"`
	Documents [][]node `json:"docs"`
	// Whether every document also decodes into a map (duplicate keys and the like).
	Decodes     bool   `json:"dec"`
	DecodeError string `json:"dece,omitempty"`
}

var kinds = map[yaml.Kind]string{
	yaml.DocumentNode: "doc",
	yaml.SequenceNode: "seq",
	yaml.MappingNode:  "map",
	yaml.ScalarNode:   "scl",
	yaml.AliasNode:    "ali",
}

func resolve(n *yaml.Node) (resolved string) {
	defer func() {
		if panicked := recover(); panicked != nil {
			resolved = fmt.Sprint("PANIC ", panicked)
		}
	}()
	var value any
	if err := n.Decode(&value); err != nil {
		return "ERR " + err.Error()
	}
	if instant, ok := value.(time.Time); ok {
		return "time.Time|" + instant.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%T|%v", value, value)
}

func walk(n *yaml.Node, depth int, out *[]node) {
	row := node{
		Depth: depth, Kind: kinds[n.Kind], Tag: n.ShortTag(), Style: int(n.Style), Value: n.Value,
		Line: n.Line, Column: n.Column, Anchor: n.Anchor,
		HeadComment: n.HeadComment, LineComment: n.LineComment, FootComment: n.FootComment,
	}
	if n.Kind == yaml.ScalarNode {
		row.Resolved = resolve(n)
	}
	*out = append(*out, row)
	for _, child := range n.Content {
		walk(child, depth+1, out)
	}
}

func read(file string) (result answer) {
	result = answer{File: file, Documents: [][]node{}}
	text, err := os.ReadFile(file)
	if err != nil {
		result.Error = err.Error()
		return result
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			result.Accepted = false
			result.Error = fmt.Sprint("PANIC ", panicked)
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	result.Accepted, result.Decodes = true, true
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if err == io.EOF {
			return result
		}
		if err != nil {
			result.Accepted = false
			result.Error = err.Error()
			return result
		}
		nodes := []node{}
		walk(&document, 0, &nodes)
		result.Documents = append(result.Documents, nodes)
		var value any
		if err := document.Decode(&value); err != nil {
			result.Decodes = false
			result.DecodeError = err.Error()
		}
	}
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	files := bufio.NewScanner(os.Stdin)
	files.Buffer(make([]byte, 1<<20), 1<<20)
	for files.Scan() {
		if err := encoder.Encode(read(files.Text())); err != nil {
			log.Fatal(err)
		}
		// One answer per question, so that a caller may keep the program running.
		if err := out.Flush(); err != nil {
			log.Fatal(err)
		}
	}
}
