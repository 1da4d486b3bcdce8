package ctxvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// begins reports whether a function runs its arguments with variables of their
// own, as a middleware does too. Packages of Heirloom are left out, because
// their callers are what matters.
func begins(fn name) bool { return runners[fn] == otherContext || fn == middleware }

var middleware = name{ctxvarPath + "/ctxhttp", "", "Middleware"}

// isolates is a fact about a function: it runs a function or a handler that it
// is given with variables of its own.
type isolates struct{}

func (*isolates) AFact()         {}
func (*isolates) String() string { return "isolates" }

// works determines whether a package gives requests variables of their own. Giving them
// to something else, such as a job or a goroutine that it starts, does not count.
type works struct {
	pass     *analysis.Pass
	isolates map[types.Object]bool // the functions of the package that have the fact
}

func worksIn(pass *analysis.Pass) bool {
	w := works{pass, make(map[types.Object]bool)}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for more := true; more; {
		more = false
		for c := range root.Preorder((*ast.FuncDecl)(nil)) {
			fn := pass.TypesInfo.Defs[c.Node().(*ast.FuncDecl).Name]
			if !w.isolates[fn] && w.isolatesParam(c) {
				w.isolates[fn] = true
				more = true
				pass.ExportObjectFact(fn, new(isolates))
			}
		}
	}
	for c := range root.Preorder((*ast.Ident)(nil)) {
		if obj := pass.TypesInfo.Uses[c.Node().(*ast.Ident)]; w.begins(obj) && w.ofRequests(c, obj) {
			return true
		}
	}
	return false
}

// begins reports whether obj is a function that runs what it is given with
// variables of its own.
func (w *works) begins(obj types.Object) bool {
	fn, ok := obj.(*types.Func)
	return ok && (begins(funcName(fn)) || w.isolates[fn.Origin()] || w.pass.ImportObjectFact(fn.Origin(), new(isolates)))
}

// isolatesParam reports whether the function at c runs one of its parameters
// with variables of its own.
func (w *works) isolatesParam(c inspector.Cursor) bool {
	params := make(map[types.Object]bool)
	for p := range signature(w.pass.TypesInfo, c).Params().Variables() {
		if isRunnable(p.Type()) {
			params[p] = true
		}
	}
	if len(params) == 0 {
		return false
	}
	for id := range c.Preorder((*ast.Ident)(nil)) {
		if !w.begins(w.pass.TypesInfo.Uses[id.Node().(*ast.Ident)]) {
			continue
		}
		call, ok := w.callOf(id)
		if !ok {
			continue
		}
		for _, arg := range call.Node().(*ast.CallExpr).Args {
			if w.mentions(arg, func(v *types.Var) bool { return params[v] }) {
				return true
			}
		}
	}
	return false
}

// isRunnable reports whether t is a function, or a handler.
func isRunnable(t types.Type) bool {
	if _, ok := t.Underlying().(*types.Signature); ok {
		return true
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "ServeHTTP")
	return obj != nil
}

// callOf returns the call of the function that is named at c.
func (w *works) callOf(c inspector.Cursor) (inspector.Cursor, bool) {
	if c.ParentEdgeKind() == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	if c.ParentEdgeKind() == edge.IndexExpr_X {
		c = c.Parent()
	}
	call, kind := callAround(c)
	return call, kind == edge.CallExpr_Fun
}

// ofRequests reports whether the use of fn at c may give requests variables of
// their own.
func (w *works) ofRequests(c inspector.Cursor, fn types.Object) bool {
	call, ok := w.callOf(c)
	if !ok || funcName(fn) == middleware {
		return true // a function called through a value is not known
	}
	if !w.inHandler(call) {
		return false
	}
	for _, arg := range call.Node().(*ast.CallExpr).Args {
		if _, ok := w.pass.TypesInfo.TypeOf(arg).Underlying().(*types.Signature); !ok {
			continue
		}
		if _, isLit := ast.Unparen(arg).(*ast.FuncLit); !isLit {
			lit := within(call)
			return !lit.Valid() || isRequestFunc(w.pass.TypesInfo, lit) || calledInPlace(w.pass.TypesInfo, lit)
		}
		// A receiver that is a handler need not handle the request here.
		isHandler := func(v *types.Var) bool { return isRunnable(v.Type()) && v.Kind() != types.RecvVar && !v.IsField() }
		if w.mentions(arg, func(v *types.Var) bool { return isRequest(v.Type()) || isHandler(v) }) {
			return true
		}
	}
	return false
}

// inHandler reports whether the code at c is in a function that is given a
// request.
func (w *works) inHandler(c inspector.Cursor) bool {
	for fn := range c.Enclosing((*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		if isRequestFunc(w.pass.TypesInfo, fn) {
			return true
		}
	}
	return false
}

func isRequestFunc(info *types.Info, fn inspector.Cursor) bool {
	sig := signature(info, fn)
	if recv := sig.Recv(); recv != nil && isRequest(recv.Type()) {
		return true
	}
	for p := range sig.Params().Variables() {
		if isRequest(p.Type()) {
			return true
		}
	}
	return false
}

// isRequest reports whether t is a request, or has one.
func isRequest(t types.Type) bool {
	isHTTP := func(t types.Type) bool { return types.TypeString(t, nil) == "*net/http.Request" }
	if s := types.TypeString(types.Unalias(t), nil); handlers[s] || s == "net/http.ResponseWriter" {
		return true
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "Request")
	switch obj := obj.(type) {
	case *types.Var:
		return isHTTP(obj.Type())
	case *types.Func:
		results := obj.Signature().Results()
		return results.Len() > 0 && isHTTP(results.At(0).Type())
	}
	return false
}

// mentions reports whether e is, or has a call that mentions, a variable that
// is looked for. It leaves out go statements, and literals that are not called
// in place, unless e is one.
func (w *works) mentions(e ast.Expr, is func(*types.Var) bool) bool {
	found := false
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			return false
		case *ast.FuncLit:
			return n == ast.Unparen(e)
		case *ast.CallExpr:
			if lit, ok := ast.Unparen(n.Fun).(*ast.FuncLit); ok {
				ast.Inspect(lit.Body, visit)
			}
		case *ast.Ident:
			v, ok := w.pass.TypesInfo.Uses[n].(*types.Var)
			found = found || ok && is(v)
		}
		return !found
	}
	ast.Inspect(e, visit)
	return found
}
