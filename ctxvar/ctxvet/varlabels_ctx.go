package ctxvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
	"golang.org/x/tools/go/types/typeutil"
)

// setsLabels is a fact about a function: it sets profiler labels from the ctx
// in its parameter number Param.
type setsLabels struct{ Param int }

func (*setsLabels) AFact()         {}
func (*setsLabels) String() string { return "sets labels" }

// returnsForeign is a fact about a function: its result number Result is a ctx that
// carries no variables.
type returnsForeign struct{ Result int }

func (*returnsForeign) AFact()         {}
func (*returnsForeign) String() string { return "returns a foreign ctx" }

// roots are the functions that return a ctx that carries nothing.
var roots = map[name]bool{
	{"context", "", "Background"}: true,
	{"context", "", "TODO"}:       true,
}

// derivers holds functions that return a ctx that carries what their first
// argument carries, and the number of that result.
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

// wrappers finds out which functions set labels, and which expressions are a
// ctx that certainly carries no variables.
type wrappers struct {
	pass *analysis.Pass
	root inspector.Cursor
	flow *flow // nil before it is needed
	// labels and foreign are the facts about functions of the package.
	labels, foreign map[*types.Func]int
	seen            map[definition]bool // the results, and false for those in progress
}

// A definition is a variable, if at is nil, or its value at a node.
type definition struct {
	v  *types.Var
	at ast.Node
}

func newWrappers(pass *analysis.Pass) *wrappers {
	return &wrappers{
		pass: pass, root: pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root(),
		labels: map[*types.Func]int{}, foreign: map[*types.Func]int{}, seen: map[definition]bool{},
	}
}

func (w *wrappers) getFlow() *flow {
	if w.flow == nil {
		w.flow = newFlow(w.pass)
	}
	return w.flow
}

// learn finds the functions of the package to which the facts apply. A function
// is known only after those that it calls, whatever the order in the source.
func (w *wrappers) learn() {
	if w.pass.Pkg.Path() == "runtime/pprof" || ofHeirloom(w.pass.Pkg.Path()) {
		return // their functions are known by name
	}
	for found := true; found; {
		found = false
		for c := range w.root.Preorder((*ast.FuncDecl)(nil)) {
			decl := c.Node().(*ast.FuncDecl)
			fn, _ := w.pass.TypesInfo.Defs[decl.Name].(*types.Func)
			if fn == nil || decl.Body == nil {
				continue
			}
			found = w.learnLabels(c, fn) || found
			found = w.learnForeign(c, fn) || found
		}
		clear(w.seen) // earlier results are based on fewer facts
	}
}

func (w *wrappers) learnLabels(c inspector.Cursor, fn *types.Func) bool {
	if _, known := w.labels[fn]; known || !hasContext(fn.Signature().Params()) {
		return false
	}
	for call := range c.Preorder((*ast.CallExpr)(nil)) {
		i := w.setsLabels(call.Node().(*ast.CallExpr))
		if i < 0 {
			continue
		}
		if around, _ := funcOf(w.pass.TypesInfo, call); around != c {
			continue // it may never be called
		}
		v := w.paramOf(call.Node().(*ast.CallExpr).Args[i])
		for param := range fn.Signature().Params().Len() {
			if fn.Signature().Params().At(param) == v && v != nil {
				w.labels[fn] = param
				if fn.Exported() {
					w.pass.ExportObjectFact(fn, &setsLabels{param})
				}
				return true
			}
		}
	}
	return false
}

// paramOf returns the parameter that e is or descends from, or nil.
func (w *wrappers) paramOf(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v, _ := w.pass.TypesInfo.Uses[e].(*types.Var); w.getFlow().ofParam(v) {
			return v
		}
	case *ast.CallExpr:
		if i, ok := derivers[calleeName(w.pass.TypesInfo, e)]; ok && i == 0 && len(e.Args) > 0 {
			return w.paramOf(e.Args[0])
		}
	}
	return nil
}

func (w *wrappers) learnForeign(c inspector.Cursor, fn *types.Func) bool {
	results := fn.Signature().Results()
	if _, known := w.foreign[fn]; known || !hasContext(results) {
		return false
	}
	index := 0
	for !isContext(results.At(index).Type()) {
		index++
	}
	returns := false
	for r := range c.Preorder((*ast.ReturnStmt)(nil)) {
		if within(r) != c {
			continue
		}
		list := r.Node().(*ast.ReturnStmt).Results
		if len(list) != results.Len() || !w.isForeign(r, list[index]) {
			return false
		}
		returns = true
	}
	if returns {
		w.foreign[fn] = index
		if fn.Exported() {
			w.pass.ExportObjectFact(fn, &returnsForeign{index})
		}
	}
	return returns
}

// setsLabels returns the number of the argument of call that is a ctx from
// which the goroutine gets its labels, or -1.
func (w *wrappers) setsLabels(call *ast.CallExpr) int {
	fn, ok := typeutil.Callee(w.pass.TypesInfo, call).(*types.Func)
	if !ok || len(call.Args) == 0 {
		return -1
	}
	fn = fn.Origin()
	switch funcName(fn) {
	case name{"runtime/pprof", "", "Do"}, name{"runtime/pprof", "", "SetGoroutineLabels"}:
		return 0
	}
	i, ok := w.labels[fn]
	if fact := new(setsLabels); !ok && fn.Pkg() != w.pass.Pkg && w.pass.ImportObjectFact(fn, fact) {
		i, ok = fact.Param, true
	}
	if !ok || i >= len(call.Args) {
		return -1
	}
	return i
}

// isForeign reports whether e, in what is at c, is a ctx that certainly carries no
// variables.
func (w *wrappers) isForeign(c inspector.Cursor, e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		return w.isForeignResult(c, e, 0)
	case *ast.Ident:
		v, _ := w.pass.TypesInfo.Uses[e].(*types.Var)
		return w.isForeignVar(v) || w.isForeignAt(v, c)
	}
	return false
}

// isForeignResult is isForeign for one result of call.
func (w *wrappers) isForeignResult(c inspector.Cursor, call *ast.CallExpr, index int) bool {
	callee := calleeName(w.pass.TypesInfo, call)
	if roots[callee] {
		return true
	}
	if i, ok := derivers[callee]; ok {
		return i == index && w.isForeign(c, call.Args[0])
	}
	fn, ok := typeutil.Callee(w.pass.TypesInfo, call).(*types.Func)
	if !ok {
		return false
	}
	fn = fn.Origin()
	if i, ok := w.foreign[fn]; ok {
		return i == index
	}
	fact := new(returnsForeign)
	return fn.Pkg() != w.pass.Pkg && w.pass.ImportObjectFact(fn, fact) && fact.Result == index
}

// isForeignVar reports whether v only ever holds such a ctx. A variable derived
// from itself, ctx = context.WithValue(ctx, ...), counts as what its other
// sources are.
func (w *wrappers) isForeignVar(v *types.Var) bool {
	answer, ok := w.seen[definition{v: v}]
	if ok {
		return answer
	}
	sources, ok := w.getFlow().of(v)
	if !ok {
		return false
	}
	w.seen[definition{v: v}] = true
	foreign := true
	for _, src := range sources {
		// The zero value, of var ctx context.Context, is none.
		foreign = foreign && (src.expr == nil || w.isForeignSource(src))
	}
	w.seen[definition{v: v}] = foreign
	return foreign
}

func (w *wrappers) isForeignSource(src source) bool {
	if call, ok := ast.Unparen(src.expr).(*ast.CallExpr); ok {
		return w.isForeignResult(src.at, call, src.index)
	}
	return w.isForeign(src.at, src.expr)
}

// isForeignAt reports whether v, which may hold something else at other times,
// has been assigned a ctx that carries no variables on each path to the code at
// c.
func (w *wrappers) isForeignAt(v *types.Var, c inspector.Cursor) bool {
	f := w.getFlow()
	fn := within(c)
	if v == nil || f.opaque[v] || len(f.sources[v]) == 0 || !fn.Valid() || v.Pos() < fn.Node().Pos() || fn.Node().End() <= v.Pos() {
		return false
	}
	given := make(map[ast.Node]source)
	for _, src := range f.sources[v] {
		if within(src.at) != fn {
			return false // by a closure, at any time
		}
		if src.expr != nil {
			given[src.at.Node()] = src
		}
	}
	key := definition{v, c.Node()}
	if answer, ok := w.seen[key]; ok {
		return answer
	}
	w.seen[key] = true
	w.seen[key] = w.allForeign(cfgOf(w.pass, fn), c.Node(), given)
	return w.seen[key]
}

// allForeign goes back from a node of g to the last assignment in given on each
// path.
func (w *wrappers) allForeign(g *cfg.CFG, from ast.Node, given map[ast.Node]source) bool {
	if g == nil {
		return false
	}
	before := make(map[*cfg.Block][]*cfg.Block)
	for _, b := range g.Blocks {
		for _, next := range b.Succs {
			before[next] = append(before[next], b)
		}
	}
	seen := make(map[*cfg.Block]bool)
	var back func(b *cfg.Block, nodes []ast.Node) bool
	back = func(b *cfg.Block, nodes []ast.Node) bool {
		for i := len(nodes) - 1; i >= 0; i-- {
			if src, ok := given[nodes[i]]; ok {
				return w.isForeignSource(src)
			}
		}
		if b == g.Blocks[0] {
			return false // a parameter, or nothing
		}
		for _, p := range before[b] {
			if p.Live && !seen[p] {
				seen[p] = true
				if !back(p, p.Nodes) {
					return false
				}
			}
		}
		return true
	}
	for _, b := range g.Blocks {
		for i, n := range b.Nodes {
			if b.Live && contains(n, from) {
				return back(b, b.Nodes[:i])
			}
		}
	}
	return false
}

func hasContext(list *types.Tuple) bool {
	for v := range list.Variables() {
		if isContext(v.Type()) {
			return true
		}
	}
	return false
}

func isContext(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Context" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context"
}
