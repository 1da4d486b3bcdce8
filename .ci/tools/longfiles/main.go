// Command longfiles reports which of the Go files given as arguments have more
// than 350 lines. A generated file may have any length.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
)

// limit is the number of lines that a file may have. A longer file has more than one
// subject, and each subject should have a file named after it.
const limit = 350

func main() {
	failed := false
	for _, name := range os.Args[1:] {
		finding, err := check(name)
		if err != nil {
			finding = err.Error()
		}
		if finding != "" {
			fmt.Println(finding)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// check returns what is wrong with the file, or "".
func check(name string) (string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	lines := bytes.Count(text, []byte("\n"))
	if lines <= limit {
		return "", nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return "", err
	}
	if ast.IsGenerated(file) {
		return "", nil
	}
	return fmt.Sprintf("%s: %d lines, more than %d: split it by subject", name, lines, limit), nil
}
