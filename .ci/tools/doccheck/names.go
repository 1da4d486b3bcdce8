package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// reasonsPage has a table with the reason for each exported name.
const reasonsPage = "docs/decisions.md"

var (
	// Folders whose packages no user imports.
	notPublic = regexp.MustCompile(`(^|/)(\.ci|bench|cmd|examples|internal|testdata)(/|$)`)

	exported = regexp.MustCompile(`\b[A-Z]\w*`)
)

// A public has the exported names of the packages that users import: for each folder, a
// name leads to whether it needs a row of its own. An option does not, nor does an
// error: rows speak of the options of a function, and of the Err variables.
type public map[string]map[string]bool

// add adds the names that a Go file declares.
func (p public) add(name, text string) {
	dir := path.Dir(name)
	if strings.HasSuffix(name, "_test.go") || notPublic.MatchString(dir) {
		return
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	if err != nil || file.Name.Name == "main" {
		return
	}
	if p[dir] == nil {
		p[dir] = make(map[string]bool)
	}
	note := func(id *ast.Ident, required bool) {
		if id.IsExported() {
			p[dir][id.Name] = required
		}
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				note(d.Name, !returnsOption(d.Type))
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					note(s.Name, true)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						note(id, !strings.HasPrefix(id.Name, "Err"))
					}
				}
			}
		}
	}
}

// returnsOption reports whether a function makes an option of another one.
func returnsOption(f *ast.FuncType) bool {
	if f.Results == nil || len(f.Results.List) != 1 {
		return false
	}
	result := f.Results.List[0].Type
	if generic, ok := result.(*ast.IndexExpr); ok {
		result = generic.X
	}
	id, ok := result.(*ast.Ident)
	return ok && strings.HasSuffix(id.Name, "Option")
}

// checkNames reports exported names without a reason, and reasons for names that do not
// exist. The names of a package whose folder is the heading of a table must be in that
// table, and those of all other packages in any other one.
func (p *page) checkNames(packages public) []finding {
	if p.name != reasonsPage {
		return nil
	}
	var findings []finding
	given := make(map[string]map[string]bool) // by folder, or "" for the other tables
	all := make(map[string]bool)
	for _, names := range packages {
		for name := range names {
			all[name] = true
		}
	}
	for _, r := range p.rows {
		table, known := r.section, packages[r.section]
		if known == nil {
			table, known = "", all
		}
		if given[table] == nil {
			given[table] = make(map[string]bool)
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(r.text), "|"), "|")
		for _, code := range codeSpan.FindAllString(cells[0], -1) {
			for _, name := range exported.FindAllString(code, -1) {
				given[table][name] = true
				if _, ok := known[name]; !ok && name != "Err" {
					findings = append(findings, finding{p.name, r.line, name + ": no such exported name"})
				}
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		table := given[dir]
		if table == nil {
			table = given[""]
		}
		for _, name := range slices.Sorted(maps.Keys(packages[dir])) {
			if packages[dir][name] && !table[name] {
				findings = append(findings, finding{p.name, 1, dir + "." + name + ": no reason is given for this exported name"})
			}
		}
	}
	return findings
}
