package ctxvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// Labels reports profiler labels that are set from a ctx that carries no
// variables: one that descends, in the function itself, from
// [context.Background] or [context.TODO].
//
// It looks at packages that import ctxvar or a package that does. One that knows
// nothing of ctxvar may take a program's variables away as well; the flag
// -varlabels.all looks at these too.
var Labels = newLabels()

func newLabels() *analysis.Analyzer {
	l := new(labels)
	a := &analysis.Analyzer{
		Name: "varlabels",
		Doc: `report profiler labels that take the goroutine's context variables away

A goroutine's variables are where the runtime keeps its profiler labels. In

	pprof.Do(ctx, labels, fn)
	pprof.SetGoroutineLabels(ctx)

they stay if ctx descends from ctxvar.NewContext, a task, a group or a request
that Heirloom's middleware has seen. If it descends from context.Background or
context.TODO they are gone, inside and afterwards. Use instead:

	ctxvar.Do(ctx, labels, fn)
	pprof.SetGoroutineLabels(ctxvar.NewContext(ctx))

The analyzer looks at packages that import ctxvar, themselves or through others.`,
		URL:       "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Labels",
		Requires:  []*analysis.Analyzer{inspect.Analyzer},
		FactTypes: []analysis.Fact{new(hasVars)},
		Run:       l.run,
	}
	a.Flags.BoolVar(&l.all, "all", false, "look at packages that don't import ctxvar too")
	return a
}

// hasVars is a fact about a package: it is ctxvar, or imports a package that has
// variables.
type hasVars struct{}

func (*hasVars) AFact()         {}
func (*hasVars) String() string { return "has variables" }

type labels struct{ all bool }

func (l *labels) run(pass *analysis.Pass) (any, error) {
	found := pass.Pkg.Path() == ctxvarPath
	for _, imported := range pass.Pkg.Imports() {
		found = found || pass.ImportPackageFact(imported, new(hasVars))
	}
	if found {
		pass.ExportPackageFact(new(hasVars))
	}
	if !found && !l.all {
		return nil, nil
	}

	f := foreign{info: pass.TypesInfo, seen: map[*types.Var]bool{}}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		callee := calleeName(pass.TypesInfo, call)
		if callee.pkg != "runtime/pprof" || len(call.Args) == 0 {
			continue
		}
		var instead string
		var fix func(qualifier string) []analysis.TextEdit
		switch callee.name {
		case "Do":
			instead = "use ctxvar.Do"
			fix = func(qualifier string) []analysis.TextEdit {
				return []analysis.TextEdit{{Pos: call.Fun.Pos(), End: call.Fun.End(), NewText: []byte(qualifier + "Do")}}
			}
		case "SetGoroutineLabels":
			instead = "give it ctxvar.NewContext(ctx)"
			fix = func(qualifier string) []analysis.TextEdit {
				ctx := call.Args[0]
				return []analysis.TextEdit{
					{Pos: ctx.Pos(), End: ctx.Pos(), NewText: []byte(qualifier + "NewContext(")},
					{Pos: ctx.End(), End: ctx.End(), NewText: []byte(")")},
				}
			}
		default:
			continue
		}
		if f.flow == nil {
			f.flow = newFlow(pass)
		}
		if !f.isForeign(call.Args[0]) {
			continue
		}
		d := analysis.Diagnostic{
			Pos: call.Pos(), End: call.End(),
			Message: "pprof." + callee.name + " with a ctx that carries no variables takes those of the goroutine away: " + instead,
		}
		if qualifier, edits, ok := importCtxvar(pass, c); ok {
			d.SuggestedFixes = []analysis.SuggestedFix{{
				Message:   "Keep the goroutine's variables",
				TextEdits: append(edits, fix(qualifier)...),
			}}
		}
		pass.Report(d)
	}
	return nil, nil
}

// roots are the functions that return a ctx that carries nothing.
var roots = map[name]bool{
	{"context", "", "Background"}: true,
	{"context", "", "TODO"}:       true,
}

// derivers are functions that return a ctx that carries what their first
// argument does, and which of their results it is.
var derivers = map[name]int{
	{"context", "", "WithCancel"}:                     0,
	{"context", "", "WithCancelCause"}:                0,
	{"context", "", "WithDeadline"}:                   0,
	{"context", "", "WithDeadlineCause"}:              0,
	{"context", "", "WithTimeout"}:                    0,
	{"context", "", "WithTimeoutCause"}:               0,
	{"context", "", "WithValue"}:                      0,
	{"context", "", "WithoutCancel"}:                  0,
	{"golang.org/x/sync/errgroup", "", "WithContext"}: 1,
	{"os/signal", "", "NotifyContext"}:                0,
	{"runtime/pprof", "", "WithLabels"}:               0,
	{"runtime/trace", "", "NewTask"}:                  0,
}

// foreign tells which expressions are a ctx that certainly carries no variables.
type foreign struct {
	info *types.Info
	flow *flow
	seen map[*types.Var]bool // those being looked at, and the answers
}

func (f *foreign) isForeign(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		return f.isForeignResult(e, 0)
	case *ast.Ident:
		v, _ := f.info.Uses[e].(*types.Var)
		return f.isForeignVar(v)
	}
	return false
}

// isForeignResult is isForeign for one result of call.
func (f *foreign) isForeignResult(call *ast.CallExpr, index int) bool {
	callee := calleeName(f.info, call)
	if roots[callee] {
		return true
	}
	i, ok := derivers[callee]
	return ok && i == index && f.isForeign(call.Args[0])
}

// isForeignVar reports whether v has never held anything else. A variable that
// is derived from itself, ctx = context.WithValue(ctx, ...), is what it is
// derived from elsewhere.
func (f *foreign) isForeignVar(v *types.Var) bool {
	if answer, ok := f.seen[v]; ok {
		return answer
	}
	sources, ok := f.flow.of(v)
	if !ok {
		return false
	}
	f.seen[v] = true
	for _, src := range sources {
		call, isCall := src.expr.(*ast.CallExpr)
		switch {
		case src.expr == nil: // var ctx context.Context
		case isCall && f.isForeignResult(call, src.index):
		case !isCall && f.isForeign(src.expr):
		default:
			f.seen[v] = false
		}
	}
	return f.seen[v]
}
