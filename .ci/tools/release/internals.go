package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// testsMayImport are the internal packages of the root module that tests of other modules
// may import. No user builds those tests, and here they always meet the root module of
// the same commit. killtest is shared by the tests of engines that kill processes,
// leakcheck fails a test binary that leaves goroutines behind, and wiretest has the tests
// that every adapter of ctxwire for a queue must pass.
var testsMayImport = []string{"internal/killtest", "internal/leakcheck", "internal/wiretest"}

// belowTask are the internal packages that packages below task may import. These packages
// use what task exports, as a user's package would. verdict only words and sorts errors.
var belowTask = []string{"internal/verdict"}

// internals returns an error that names each import, in a package of one module, of an
// internal package of another module. Go permits it, since an internal package may be
// imported below the folder that contains internal, and all of this repository is below
// the root. But internal packages change without notice, and a user may have the two
// modules at different versions, which then don't compile together.
//
// It also names the internal packages, other than those of belowTask, that a package below
// task imports.
func (r *repository) internals() error {
	var found []error
	for _, name := range r.files {
		if path.Ext(name) != ".go" || slices.Contains(strings.Split(name, "/"), "testdata") {
			continue
		}
		text, err := os.ReadFile(r.disk(name))
		if err != nil {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		importer := r.moduleOfFile(name)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			owner := r.moduleOfImport(imported)
			if owner == nil {
				continue
			}
			rest := strings.TrimPrefix(imported, owner.path()+"/")
			if owner == importer {
				if strings.Count(name, "/") > 1 && strings.HasPrefix(name, "task/") && !strings.HasSuffix(name, "_test.go") &&
					strings.HasPrefix(rest, "internal/") && !slices.Contains(belowTask, rest) {
					found = append(found, fmt.Errorf("%s: %s is not for packages below task: use what task exports",
						files.Position(spec.Pos()), imported))
				}
				continue
			}
			if !slices.Contains(strings.Split(rest, "/"), "internal") {
				continue
			}
			if strings.HasSuffix(name, "_test.go") && owner.dir == "." && slices.Contains(testsMayImport, rest) {
				continue
			}
			found = append(found, fmt.Errorf("%s: %s is internal to another module, %s: give what is needed of it an exported name",
				files.Position(spec.Pos()), imported, owner.path()))
		}
	}
	return errors.Join(found...)
}

// moduleOfImport returns the module of this repository to which an import path belongs,
// or nil if there is none.
func (r *repository) moduleOfImport(imported string) *goModule {
	for ; imported != "."; imported = path.Dir(imported) {
		if m := r.modules[imported]; m != nil {
			return m
		}
	}
	return nil
}

// moduleOfFile returns the module to which a file of this repository belongs.
func (r *repository) moduleOfFile(name string) *goModule {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if m := r.moduleAt(dir); m != nil {
			return m
		}
	}
}
