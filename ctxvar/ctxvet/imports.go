package ctxvet

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// importPackage returns the qualifier for a name of a package at c, and the
// edits needed to import the package. It reports false if a declaration is in
// the way.
func importPackage(pass *analysis.Pass, c inspector.Cursor, path, packageName string) (qualifier string, edits []analysis.TextEdit, ok bool) {
	pos := c.Node().Pos()
	scope := pass.Pkg.Scope().Innermost(pos)
	if scope == nil {
		return "", nil, false
	}
	var file *ast.File
	for f := range c.Enclosing((*ast.File)(nil)) {
		file = f.Node().(*ast.File)
	}
	for _, spec := range file.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err != nil || imported != path {
			continue
		}
		switch imported := pass.TypesInfo.PkgNameOf(spec); {
		case imported == nil, imported.Name() == "_", imported.Name() == ".":
		default:
			_, found := scope.LookupParent(imported.Name(), pos)
			return imported.Name() + ".", nil, found == types.Object(imported)
		}
	}
	if _, found := scope.LookupParent(packageName, pos); found != nil {
		return "", nil, false
	}
	return packageName + ".", []analysis.TextEdit{addImport(file, path)}, true
}

// addImport returns the edit that imports a package in file, which has an import.
func addImport(file *ast.File, path string) analysis.TextEdit {
	spec := strconv.Quote(path)
	var last *ast.GenDecl
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.IMPORT {
			break
		}
		last = gen
		if gen.Rparen.IsValid() {
			// The import gets a group of its own, unless gofmt changes that.
			return analysis.TextEdit{Pos: gen.Rparen, End: gen.Rparen, NewText: []byte("\n\t" + spec + "\n")}
		}
	}
	return analysis.TextEdit{Pos: last.End(), End: last.End(), NewText: []byte("\nimport " + spec)}
}
