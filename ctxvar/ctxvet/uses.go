package ctxvet

import (
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
)

// uses determines how a package and those that it imports use variables. It reports
// nothing: other analyzers use it to decide which packages to analyze.
var uses = &analysis.Analyzer{
	Name:       "varuses",
	Doc:        "find which packages use context variables",
	Requires:   []*analysis.Analyzer{inspect.Analyzer},
	FactTypes:  []analysis.Fact{new(hasVars), new(beginsWork), new(isolates)},
	ResultType: reflect.TypeFor[use](),
	Run:        runUses,
}

// A use is what a package, or one that it imports, does.
type use struct {
	vars  bool // it has variables
	works bool // it gives requests variables of their own
}

// hasVars is a fact about a package: it is ctxvar, or imports a package that has
// variables.
type hasVars struct{}

func (*hasVars) AFact()         {}
func (*hasVars) String() string { return "has variables" }

// beginsWork is a fact about a package: it, or one that it imports, gives
// requests variables of their own.
type beginsWork struct{}

func (*beginsWork) AFact()         {}
func (*beginsWork) String() string { return "begins work" }

func runUses(pass *analysis.Pass) (any, error) {
	found := use{vars: pass.Pkg.Path() == ctxvarPath}
	for _, imported := range pass.Pkg.Imports() {
		found.vars = pass.ImportPackageFact(imported, new(hasVars)) || found.vars
		found.works = pass.ImportPackageFact(imported, new(beginsWork)) || found.works
	}
	if found.vars && !found.works && !ofHeirloom(pass.Pkg.Path()) {
		found.works = worksIn(pass)
	}
	if found.vars {
		pass.ExportPackageFact(new(hasVars))
	}
	if found.works {
		pass.ExportPackageFact(new(beginsWork))
	}
	return found, nil
}
