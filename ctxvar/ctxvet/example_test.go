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
	// -varlabels: report profiler labels that take the goroutine's context variables away
}
