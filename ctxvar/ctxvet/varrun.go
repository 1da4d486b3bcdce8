package ctxvet

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Run reports a ctxvar.Context that is run within itself, which panics.
var Run = &analysis.Analyzer{
	Name: "varrun",
	Doc: `report a Context that is run within itself

A Context is entered by one caller at a time, and

	c.Run(func() {
		c.Run(f)
	})

panics. So does ctxvar.Call in place of either Run, and so does a function that is
called there and calls c.Run. Within c.Run, c's values are the current ones, so f
can be called directly; c.Copy().Run(f) keeps what f sets apart.`,
	URL:       "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Run",
	Requires:  []*analysis.Analyzer{inspect.Analyzer, ctrlflow.Analyzer, uses},
	FactTypes: []analysis.Fact{new(runsContext)},
	Run:       runRun,
}

// runsContext is a fact about a function: it runs a Context that it finds.
type runsContext struct{ Places []place }

func (*runsContext) AFact()           {}
func (*runsContext) String() string   { return "runs a Context" }
func (f *runsContext) list() *[]place { return &f.Places }

func runRun(pass *analysis.Pass) (any, error) {
	if !pass.ResultOf[uses].(use).vars {
		return nil, nil
	}
	r := &runs{}
	r.called = called{pass: pass, runsHere: r.runsHere, does: r.entered, newFact: func() reachFact { return new(runsContext) }}
	if !ofHeirloom(pass.Pkg.Path()) {
		facts := make(map[*types.Func]reachFact)
		r.export(facts)
		for fn, fact := range facts {
			pass.ExportObjectFact(fn, fact)
		}
	}
	for c := range r.root().Preorder((*ast.CallExpr)(nil)) {
		r.check(c)
	}
	return nil, nil
}

type runs struct{ called }

// check reports the call at c if it runs a Context that already runs around it, or a
// function that does so.
func (r *runs) check(c inspector.Cursor) {
	call := c.Node().(*ast.CallExpr)
	inner := r.entered(c)
	if inner != nil {
		if found := r.reachedIn(call.Args[len(call.Args)-1], inner); found != "" {
			r.report(call, inner, found)
			return
		}
	}
	for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
		around, kind := callAround(lit)
		if kind == edge.CallExpr_Args {
			o := r.entered(around)
			switch {
			case o == nil || o.changes(r.pass.TypesInfo, lit):
			case slices.Equal(o, inner):
				r.pass.ReportRangef(call, "%s is run within itself, which panics: call the function directly, or run a copy", inner)
				return
			default:
				if found := r.reachedBy(c, o); found != "" {
					r.report(call, o, found)
					return
				}
			}
		}
		if !r.runsHere(lit) {
			return
		}
	}
}

// report reports the call, which runs o, or a function within it that reaches found.
func (r *runs) report(call *ast.CallExpr, o operand, found string) {
	r.pass.ReportRangef(call, "%s is run within itself, which panics, in %s: call the function directly, or run a copy", o, found)
}

// entered returns the Context in which the call at c runs something, or nil.
func (r *runs) entered(c inspector.Cursor) operand {
	call := c.Node().(*ast.CallExpr)
	if c.ParentEdgeKind() == edge.GoStmt_Call {
		return nil
	}
	switch calleeName(r.pass.TypesInfo, call) {
	case name{ctxvarPath, "Context", "Run"}:
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && len(call.Args) == 1 {
			return r.operandOf(sel.X)
		}
	case name{ctxvarPath, "", "Call"}:
		if len(call.Args) == 2 {
			return r.operandOf(call.Args[0])
		}
	}
	return nil
}

// runsHere reports whether the literal at c is run in place, by the same
// goroutine, in any Context.
func (r *runs) runsHere(lit inspector.Cursor) bool {
	if calledInPlace(r.pass.TypesInfo, lit) {
		return true
	}
	call, kind := callAround(lit)
	if kind != edge.CallExpr_Args || call.ParentEdgeKind() == edge.GoStmt_Call {
		return false
	}
	return runners[calleeName(r.pass.TypesInfo, call.Node().(*ast.CallExpr))] == otherContext
}
