// Command sourcevet is go vet for a platform other than this one. It does the same
// checks, but reads imported packages from source. Go vet compiles them first, and
// compiling the standard library for each platform takes ten times as long as
// everything else.
package main

import (
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/suite/vet"
)

func main() {
	// These two are not in the vet of any Go release yet.
	unreleased := []string{"scannererr", "sqlrowserr"}
	multichecker.Main(slices.DeleteFunc(vet.Suite, func(a *analysis.Analyzer) bool {
		return slices.Contains(unreleased, a.Name)
	})...)
}
