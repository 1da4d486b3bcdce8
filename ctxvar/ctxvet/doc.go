// Package ctxvet provides analyzers for programs that use package
// [github.com/heirloom-go/heirloom/ctxvar]. They report mistakes that the
// compiler accepts, and that ctxvar either cannot detect or detects only by a
// panic when they happen:
//
//   - [Scope] (varscope): a variable that is declared in a function.
//   - [Token] (vartoken): a token that is neither reset nor kept, or whose
//     reset has no effect or panics: twice, with another variable, in another
//     goroutine.
//   - [Copy] (varcopy): a variable that New did not make: a zero one, or a
//     copy.
//   - [Run] (varrun): a Context that is run within itself.
//   - [Stay] (varstay): a variable that a handler, a finalizer or a cleanup
//     sets, and that is still set for the next one.
//   - [Clean] (varclean): a function that C calls and that has the variables of
//     an earlier call.
//   - [Tx] (vartx): a statement within ctxsql.InTx or ctxpgx.InTx that is not
//     part of the transaction.
//   - [Labels] (varlabels): profiler labels that are set from a ctx without
//     variables, so that inherited variables are lost.
//
// Run them with go vet:
//
//	go install github.com/heirloom-go/heirloom/ctxvar/ctxvet/cmd/ctxvet@latest
//	go vet -vettool=$(which ctxvet) ./...
//
// To disable an analyzer, use its name, as in -varscope=false; -varscope runs
// only that one. The command can also be run directly, and can apply the
// changes that it suggests:
//
//	ctxvet -fix ./...
//
// [Analyzers] is for drivers that combine analyzers, such as
// golang.org/x/tools/go/analysis/multichecker.
//
// # What is reported
//
// Only what is a mistake in any program is reported: where an analyzer cannot
// follow a value, it reports nothing. Setting a variable and dropping the token
// is not a mistake, because a value may be set for the rest of a goroutine,
// except where unrelated work follows (see [Stay]). A Reset that is not
// deferred is not a mistake either, although a panic skips it.
//
// [Tx] and [Run] look into the functions that code calls, also in other
// packages, and report a call that surely leads to the mistake, with a database
// or a Context that the caller passes, has in a field, or finds in a variable of
// the package. [Labels] and [Scope] know functions of other packages that set
// labels or declare variables for their callers. [Token] and [Stay] look at one
// function at a time: they do not follow a token into a function that it is
// passed to, and do not see what a handler sets by calling another function.
package ctxvet

import "golang.org/x/tools/go/analysis"

// Analyzers returns all analyzers of this package, in a new slice.
func Analyzers() []*analysis.Analyzer {
	return []*analysis.Analyzer{Scope, Token, Copy, Run, Stay, Clean, Tx, Labels}
}
