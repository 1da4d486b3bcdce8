// Package ctxvet has analyzers for programs that use package
// [github.com/heirloom-go/heirloom/ctxvar]. They report what the compiler lets
// through and ctxvar can't tell, or tells with a panic once it happens:
//
//   - [Scope] (varscope): a variable that is declared in a function.
//   - [Token] (vartoken): a token that is neither reset nor kept, or reset where
//     it has no effect or panics: twice, with another variable, in another goroutine.
//   - [Copy] (varcopy): a variable that no New made: zero, or a copy.
//   - [Run] (varrun): a Context that is run within itself.
//   - [Stay] (varstay): a variable that a handler, a finalizer or a cleanup sets,
//     and that is still set for the next.
//   - [Clean] (varclean): a function that C calls with the variables of an earlier
//     call.
//   - [Tx] (vartx): a statement within ctxsql.InTx or ctxpgx.InTx that is not part of the
//     transaction.
//   - [Labels] (varlabels): profiler labels that are set from a ctx that carries
//     no variables, which takes inherited ones away.
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
// token is no mistake, it is how a value is set to stay: except where what comes
// next is somebody else's, see [Stay]. And a Reset that is not deferred is none,
// though a panic passes it by.
package ctxvet

import "golang.org/x/tools/go/analysis"

// Analyzers returns all analyzers of this package, in a new slice.
func Analyzers() []*analysis.Analyzer {
	return []*analysis.Analyzer{Scope, Token, Copy, Run, Stay, Clean, Tx, Labels}
}
