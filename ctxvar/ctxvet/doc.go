// Package ctxvet has analyzers for programs that use package
// [github.com/heirloom-go/heirloom/ctxvar]. They report what the compiler lets
// through and ctxvar can't tell, or tells with a panic once it happens:
//
//   - [Scope] (varscope): a variable that is declared in a function.
//   - [Token] (vartoken): a token that is neither reset nor kept, or reset where
//     it has no effect or panics.
//   - [Labels] (varlabels): profiler labels that are set from a ctx that carries
//     no variables, which takes the goroutine's variables away.
//
// Run them with go vet:
//
//	go install github.com/heirloom-go/heirloom/ctxvar/ctxvet/cmd/ctxvet@latest
//	go vet -vettool=$(which ctxvet) ./...
//
// One is left out by its name, -varscope=false, and is run alone by -varscope.
// The command also runs by itself, and makes the changes it suggests:
//
//	ctxvet -fix ./...
//
// [Analyzers] is for drivers that have analyzers of others too, as those of
// golang.org/x/tools/go/analysis/multichecker.
//
// # What is reported
//
// Only what is a mistake whatever the rest of the program does: where an
// analyzer can't follow a value, it is silent. To set a variable and drop the
// token is no mistake, it is how a value is set to stay.
package ctxvet

import "golang.org/x/tools/go/analysis"

// Analyzers returns all analyzers of this package, in a new slice.
func Analyzers() []*analysis.Analyzer {
	return []*analysis.Analyzer{Scope, Token, Labels}
}
