package ctxvet

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
)

// A source is a place where a variable gets a value: result number index of
// expr, or the zero value if expr is nil.
type source struct {
	at    inspector.Cursor // the assignment or declaration
	expr  ast.Expr
	index int
}

// A flow holds the places where the variables of a package get their values.
type flow struct {
	sources map[*types.Var][]source
	// opaque variables may get values in other ways: in a range statement, or
	// through a pointer.
	opaque map[*types.Var]bool
	// params get values from callers.
	params map[*types.Var]bool
}

// newFlow reads the assignments of the package of pass.
func newFlow(pass *analysis.Pass) *flow {
	f := &flow{sources: map[*types.Var][]source{}, opaque: map[*types.Var]bool{}, params: map[*types.Var]bool{}}
	variable := func(e ast.Expr) *types.Var {
		id, ok := ast.Unparen(e).(*ast.Ident)
		if !ok {
			return nil
		}
		v, _ := pass.TypesInfo.ObjectOf(id).(*types.Var)
		return v
	}
	assign := func(at inspector.Cursor, i int, lhs ast.Expr, n int, rhs []ast.Expr) {
		v := variable(lhs)
		switch {
		case v == nil:
		case len(rhs) == 0:
			f.sources[v] = append(f.sources[v], source{at: at})
		case len(rhs) == n:
			f.sources[v] = append(f.sources[v], source{at: at, expr: rhs[i]})
		default:
			f.sources[v] = append(f.sources[v], source{at: at, expr: rhs[0], index: i})
		}
	}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.RangeStmt)(nil),
		(*ast.UnaryExpr)(nil), (*ast.FuncType)(nil)) {
		switch n := c.Node().(type) {
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				assign(c, i, lhs, len(n.Lhs), n.Rhs)
			}
		case *ast.ValueSpec:
			for i, lhs := range n.Names {
				assign(c, i, lhs, len(n.Names), n.Values)
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if v := variable(e); v != nil {
					f.opaque[v] = true
				}
			}
		case *ast.UnaryExpr:
			if v := variable(n.X); v != nil && n.Op == token.AND {
				f.opaque[v] = true
			}
		case *ast.FuncType:
			for _, field := range n.Params.List {
				for _, id := range field.Names {
					if v := variable(id); v != nil {
						f.params[v] = true
					}
				}
			}
		}
	}
	return f
}

// of returns every source of v. It reports false if v may have others: if it is
// a parameter, a field, exported, or its address is taken.
func (f *flow) of(v *types.Var) ([]source, bool) {
	if v == nil || v.IsField() || f.opaque[v] || f.params[v] || len(f.sources[v]) == 0 {
		return nil, false
	}
	if v.Parent() == v.Pkg().Scope() && v.Exported() {
		return nil, false
	}
	return f.sources[v], true
}

// origin returns the variable whose value v has: v, unless v is just another
// name, t2 := t, and neither gets another value.
func (f *flow) origin(info *types.Info, v *types.Var) *types.Var {
	for {
		sources, ok := f.of(v)
		if !ok || len(sources) != 1 || sources[0].expr == nil {
			return v
		}
		id, ok := ast.Unparen(sources[0].expr).(*ast.Ident)
		if !ok {
			return v
		}
		of, ok := info.Uses[id].(*types.Var)
		if !ok || !f.constant(of) {
			return v
		}
		v = of
	}
}

// constant reports whether v never has another value than its first.
func (f *flow) constant(v *types.Var) bool {
	sources, known := f.of(v)
	return known && len(sources) == 1 || f.ofParam(v)
}

// ofParam reports whether v is a parameter that keeps what the caller gave.
func (f *flow) ofParam(v *types.Var) bool {
	return v != nil && f.params[v] && !f.opaque[v] && len(f.sources[v]) == 0
}

// funcOf returns the function literal or declaration in whose goroutine, and
// during whose run, the code at c runs. It is the innermost one around c,
// except for literals that are called in place or by ctxvar.Var.With. At
// package level, funcOf reports false.
func funcOf(info *types.Info, c inspector.Cursor) (inspector.Cursor, bool) {
	for fn := range c.Enclosing((*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		if _, ok := fn.Node().(*ast.FuncLit); ok && fn != c && calledInPlace(info, fn) {
			continue
		}
		if fn != c {
			return fn, true
		}
	}
	return inspector.Cursor{}, false
}

// cfgOf returns the control flow graph of the function at fn.
func cfgOf(pass *analysis.Pass, fn inspector.Cursor) *cfg.CFG {
	cfgs := pass.ResultOf[ctrlflow.Analyzer].(*ctrlflow.CFGs)
	switch n := fn.Node().(type) {
	case *ast.FuncDecl:
		return cfgs.FuncDecl(n)
	case *ast.FuncLit:
		return cfgs.FuncLit(n)
	}
	return nil
}

// within returns the function literal or declaration that contains the
// statement at c.
func within(c inspector.Cursor) inspector.Cursor {
	for fn := range c.Enclosing((*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		return fn
	}
	return inspector.Cursor{}
}

// calledInPlace reports whether the literal at c is called by the function that
// contains it: func() { ... }(), also deferred, or v.With(x, func() { ... }).
func calledInPlace(info *types.Info, lit inspector.Cursor) bool {
	call, kind := callAround(lit)
	if !call.Valid() {
		return false
	}
	if kind == edge.CallExpr_Fun {
		return call.ParentEdgeKind() != edge.GoStmt_Call
	}
	return calleeName(info, call.Node().(*ast.CallExpr)) == name{ctxvarPath, "Var", "With"}
}

// callAround returns the call in which the expression at c is the function or
// an argument, and which of these it is. If there is none, the cursor is not
// valid.
func callAround(c inspector.Cursor) (inspector.Cursor, edge.Kind) {
	kind := c.ParentEdgeKind()
	for kind == edge.ParenExpr_X {
		c = c.Parent()
		kind = c.ParentEdgeKind()
	}
	if kind == edge.CallExpr_Fun || kind == edge.CallExpr_Args {
		return c.Parent(), kind
	}
	return inspector.Cursor{}, kind
}
