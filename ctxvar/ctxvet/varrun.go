package ctxvet

import (
	"go/ast"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Run reports a [ctxvar.Context] that is run within itself, which panics.
var Run = &analysis.Analyzer{
	Name: "varrun",
	Doc: `report a Context that is run within itself

A Context is entered by one caller at a time, and

	c.Run(func() {
		c.Run(f)
	})

panics, as does ctxvar.Call in the place of either. Inside, c's values are the
current ones, so that f can be called as it is; c.Copy().Run(f) keeps what f sets
apart.`,
	URL:      "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Run",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      runRun,
}

func runRun(pass *analysis.Pass) (any, error) {
	r := runs{pass}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		inner := r.entered(c)
		if inner == nil {
			continue
		}
		for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
			around, kind := callAround(lit)
			if kind == edge.CallExpr_Args && slices.Equal(r.entered(around), inner) && !inner.changes(pass.TypesInfo, lit) {
				pass.ReportRangef(c.Node(), "%s is run within itself, which panics: it is current already, or run a copy", inner)
				break
			}
			if !r.runsHere(lit) {
				break
			}
		}
	}
	return nil, nil
}

type runs struct{ pass *analysis.Pass }

// entered returns the Context in which the call at c runs something, or nil.
func (r runs) entered(c inspector.Cursor) operand {
	call := c.Node().(*ast.CallExpr)
	switch calleeName(r.pass.TypesInfo, call) {
	case name{ctxvarPath, "Context", "Run"}:
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && c.ParentEdgeKind() != edge.GoStmt_Call {
			return operandOf(r.pass.TypesInfo, sel.X)
		}
	case name{ctxvarPath, "", "Call"}:
		if len(call.Args) == 2 && c.ParentEdgeKind() != edge.GoStmt_Call {
			return operandOf(r.pass.TypesInfo, call.Args[0])
		}
	}
	return nil
}

// runsHere reports whether the literal at c is run in place, by the same
// goroutine, in any Context.
func (r runs) runsHere(lit inspector.Cursor) bool {
	if calledInPlace(r.pass.TypesInfo, lit) {
		return true
	}
	call, kind := callAround(lit)
	if kind != edge.CallExpr_Args || call.ParentEdgeKind() == edge.GoStmt_Call {
		return false
	}
	return runners[calleeName(r.pass.TypesInfo, call.Node().(*ast.CallExpr))] == otherContext
}
