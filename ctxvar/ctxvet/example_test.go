package ctxvet_test

import (
	"fmt"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar/ctxvet"
)

func ExampleAnalyzers() {
	for _, a := range ctxvet.Analyzers() {
		summary, _, _ := strings.Cut(a.Doc, "\n")
		fmt.Printf("-%s: %s\n", a.Name, summary)
	}
	// Output:
	// -varscope: report context variables that are declared in a function
	// -vartoken: report tokens that are not reset, or reset where it can't work
	// -varcopy: report zero and copied context variables
	// -varrun: report a Context that is run within itself
	// -varstay: report variables that are set to stay beyond the request
	// -varclean: report functions for C that begin with somebody else's variables
	// -vartx: report statements in ctxsql.InTx and ctxpgx.InTx that are not part of the transaction
	// -varlabels: report profiler labels that take inherited context variables away
}
