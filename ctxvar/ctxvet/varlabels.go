package ctxvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Labels reports profiler labels that are set from a ctx that carries no
// variables: one that descends, in the function itself, from
// [context.Background] or [context.TODO].
//
// It looks at packages that import ctxvar, directly or indirectly. Other
// packages may cause the same loss in a program; the flag -varlabels.all
// includes them.
var Labels = newLabels()

func newLabels() *analysis.Analyzer {
	l := new(labels)
	a := &analysis.Analyzer{
		Name: "varlabels",
		Doc: `report profiler labels that take inherited context variables away

A goroutine inherits its variables by way of its profiler labels. In

	pprof.Do(ctx, labels, fn)
	pprof.SetGoroutineLabels(ctx)

the variables stay if ctx descends from ctxvar.NewContext, a task, a group or a
request behind Heirloom's middleware. If ctx descends from context.Background or
context.TODO, a goroutine that has inherited variables and not yet set one loses
them, unless the program is built in exact mode. (Within ctxvar.Detach there are
no variables.) Use instead:

	ctxvar.Do(ctx, labels, fn)
	pprof.SetGoroutineLabels(ctxvar.NewContext(ctx))

The same holds for a function that passes its ctx to one of these, and for a ctx
that a function returns.

The analyzer looks at packages that import ctxvar, directly or indirectly.`,
		URL:       "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Labels",
		Requires:  []*analysis.Analyzer{inspect.Analyzer, ctrlflow.Analyzer, uses},
		FactTypes: []analysis.Fact{new(setsLabels), new(returnsForeign)},
		Run:       l.run,
	}
	a.Flags.BoolVar(&l.all, "all", false, "also analyze packages that don't import ctxvar")
	return a
}

type labels struct{ all bool }

func (l *labels) run(pass *analysis.Pass) (any, error) {
	w := newWrappers(pass)
	w.learn()
	if !pass.ResultOf[uses].(use).vars && !l.all {
		return nil, nil
	}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		i := w.setsLabels(call)
		if i < 0 || !w.isForeign(c, call.Args[i]) || hasNone(pass.TypesInfo, c) {
			continue
		}
		callee := typeutil.Callee(pass.TypesInfo, call)
		what := callee.Name()
		if callee.Pkg() != pass.Pkg {
			what = callee.Pkg().Name() + "." + what
		}
		instead := "give it ctxvar.NewContext(ctx)"
		var fix func(qualifier string) []analysis.TextEdit
		switch funcName(callee) {
		case name{"runtime/pprof", "", "Do"}:
			instead = "use ctxvar.Do"
			fix = func(qualifier string) []analysis.TextEdit {
				return []analysis.TextEdit{{Pos: call.Fun.Pos(), End: call.Fun.End(), NewText: []byte(qualifier + "Do")}}
			}
		default:
			fix = func(qualifier string) []analysis.TextEdit {
				ctx := call.Args[i]
				return []analysis.TextEdit{
					{Pos: ctx.Pos(), End: ctx.Pos(), NewText: []byte(qualifier + "NewContext(")},
					{Pos: ctx.End(), End: ctx.End(), NewText: []byte(")")},
				}
			}
		}
		d := analysis.Diagnostic{
			Pos: call.Pos(), End: call.End(),
			Message: what + " with a ctx that carries no variables loses those that the goroutine has inherited: " + instead,
		}
		if qualifier, edits, ok := importPackage(pass, c, ctxvarPath, "ctxvar"); ok {
			d.SuggestedFixes = []analysis.SuggestedFix{{
				Message:   "Keep the goroutine's variables",
				TextEdits: append(edits, fix(qualifier)...),
			}}
		}
		pass.Report(d)
	}
	return nil, nil
}

// hasNone reports whether the call at c certainly finds no variables: it is in
// a function given to ctxvar.Detach that sets none.
func hasNone(info *types.Info, c inspector.Cursor) bool {
	for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
		around, kind := callAround(lit)
		if kind != edge.CallExpr_Args || calleeName(info, around.Node().(*ast.CallExpr)) != (name{ctxvarPath, "", "Detach"}) {
			continue
		}
		for inner := range lit.Preorder((*ast.CallExpr)(nil)) {
			fn := calleeName(info, inner.Node().(*ast.CallExpr))
			if fn == (name{ctxvarPath, "Var", "Set"}) || fn == (name{ctxvarPath, "Var", "With"}) || runners[fn] == otherContext {
				return false
			}
		}
		return true
	}
	return false
}
