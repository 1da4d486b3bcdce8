package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A state is what happened to a mutant.
type state int

const (
	killed state = iota
	lives
	invalid
)

// states maps gremlins' words to states.
var states = map[string]state{
	"KILLED":      killed,
	"TIMED OUT":   killed,
	"LIVED":       lives,
	"NOT COVERED": lives,
	"NOT VIABLE":  invalid,
}

type mutant struct {
	key   key
	state state
}

// readReport reads gremlins' report about a package, which has its source in tree.
func readReport(report []byte, tree, pkg string) ([]mutant, error) {
	var content struct {
		Files []struct {
			Name      string `json:"file_name"`
			Mutations []struct {
				Type, Status string
				Line, Column int
			}
		}
	}
	if err := json.Unmarshal(report, &content); err != nil {
		return nil, err
	}
	var mutants []mutant
	for _, f := range content.Files {
		name := filepath.ToSlash(filepath.Join(pkg, f.Name))
		src, err := readSource(filepath.Join(tree, name))
		if err != nil {
			return nil, err
		}
		for _, m := range f.Mutations {
			state, known := states[m.Status]
			if !known {
				return nil, fmt.Errorf("%s:%d: %s has the unknown state %q", name, m.Line, m.Type, m.Status)
			}
			function, line := src.at(m.Line, m.Column)
			mutants = append(mutants, mutant{newKey(name, function, m.Type, line), state})
		}
	}
	return mutants, nil
}

// A source is a file in which places are looked up.
type source struct {
	lines []string
	set   *token.FileSet
	file  *ast.File
}

func readSource(name string) (*source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &source{strings.Split(string(text), "\n"), set, file}, nil
}

// at returns the function around a place, and the line with the token there between
// guillemets and without a comment at its end.
func (s *source) at(line, column int) (function, marked string) {
	before, rest := s.lines[line-1][:column-1], s.lines[line-1][column-1:]
	file := token.NewFileSet().AddFile("", -1, len(rest))
	var scan scanner.Scanner
	scan.Init(file, []byte(rest), nil, scanner.ScanComments)
	_, first, _ := scan.Scan()
	width, end := len(first.String()), len(rest)
	for pos, tok, _ := scan.Scan(); tok != token.EOF; pos, tok, _ = scan.Scan() {
		if tok == token.COMMENT {
			end = file.Offset(pos)
			break
		}
	}
	marked = strings.TrimSpace(before + "«" + rest[:width] + "»" + rest[width:end])

	pos := s.set.File(s.file.Pos()).LineStart(line)
	i := slices.IndexFunc(s.file.Decls, func(d ast.Decl) bool { return d.Pos() <= pos+token.Pos(column) && pos <= d.End() })
	if i < 0 {
		return "-", marked
	}
	f, ok := s.file.Decls[i].(*ast.FuncDecl)
	if !ok {
		return "-", marked
	}
	if f.Recv == nil {
		return f.Name.Name, marked
	}
	return receiver(f.Recv.List[0].Type) + "." + f.Name.Name, marked
}

// receiver returns the name of a receiver's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return "-"
}
