package ctxvet

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Stay reports variables that are set and not reset where the goroutine goes on
// to other work: in handlers of a server without ctxhttp.Middleware, and in
// finalizers and cleanups.
//
// A handler is reported if it is given to a server directly, or if the program
// (package main, or a test) has neither the middleware nor anything else that
// gives a request variables of its own. Jobs and goroutines that a program gives
// variables of their own do not count as that. In other packages, handlers are
// not reported, because their users may wrap them.
var Stay = &analysis.Analyzer{
	Name: "varstay",
	Doc: `report variables that are set to stay beyond the request

One goroutine serves the requests of a connection, one after the other. What is
set in the goroutine stays until it ends. The variable set in

	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		user.Set(name(r))
		...
	})

is still set in the next request, which may be another user's. ctxhttp.Middleware
gives each request variables of its own. Without it or something similar, a handler
must reset what it sets:

	defer user.Set(name(r)).Reset()

The same holds for functions given to runtime.SetFinalizer and runtime.AddCleanup:
one goroutine runs all of them.`,
	URL:      "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Stay",
	Requires: []*analysis.Analyzer{inspect.Analyzer, uses},
	Run:      runStay,
}

func runStay(pass *analysis.Pass) (any, error) {
	use := pass.ResultOf[uses].(use)
	if !use.vars || ofHeirloom(pass.Pkg.Path()) {
		return nil, nil
	}
	s := stays{pass: pass, use: use}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if calleeName(pass.TypesInfo, call) != (name{ctxvarPath, "Var", "Set"}) || !drops(c) {
			continue
		}
		fn, ok := funcOf(pass.TypesInfo, c)
		if !ok || s.takesBack(fn, call) {
			continue
		}
		var message string
		switch {
		case s.isCleanup(fn):
			message = "the value stays set for the finalizers and cleanups that come next: defer the Reset"
		case s.isBareHandler(fn):
			message = "the value stays set for the connection's next request: defer the Reset, or wrap the handler in ctxhttp.Middleware"
		default:
			continue
		}
		d := analysis.Diagnostic{Pos: call.Pos(), End: call.End(), Message: message}
		if c.ParentEdgeKind() == edge.ExprStmt_X && within(c) == fn {
			d.SuggestedFixes = []analysis.SuggestedFix{{
				Message: "Defer the Reset",
				TextEdits: []analysis.TextEdit{
					{Pos: call.Pos(), End: call.Pos(), NewText: []byte("defer ")},
					{Pos: call.End(), End: call.End(), NewText: []byte(".Reset()")},
				},
			}}
		}
		pass.Report(d)
	}
	return nil, nil
}

// drops reports whether the result of the call at c is not used.
func drops(c inspector.Cursor) bool {
	if c.ParentEdgeKind() == edge.ExprStmt_X {
		return true
	}
	assign, ok := c.Parent().Node().(*ast.AssignStmt)
	return ok && len(assign.Lhs) == len(assign.Rhs) && isBlank(assign.Lhs[c.ParentEdgeIndex()])
}

type stays struct {
	pass *analysis.Pass
	use  use
}

// takesBack reports whether the function at fn keeps the token of another Set
// of the variable that call sets: resetting that token undoes both.
func (s stays) takesBack(fn inspector.Cursor, call *ast.CallExpr) bool {
	setOf := func(call *ast.CallExpr) operand {
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && calleeName(s.pass.TypesInfo, call) == (name{ctxvarPath, "Var", "Set"}) {
			return operandOf(s.pass.TypesInfo, sel.X)
		}
		return nil
	}
	v := setOf(call)
	for c := range fn.Preorder((*ast.CallExpr)(nil)) {
		if other := c.Node().(*ast.CallExpr); other != call && !drops(c) && v != nil && slices.Equal(setOf(other), v) {
			return true
		}
	}
	return false
}

// isCleanup reports whether the function at fn is given to the runtime, to be
// run when a value is garbage.
func (s stays) isCleanup(fn inspector.Cursor) bool {
	call, kind := callAround(fn)
	if _, ok := fn.Node().(*ast.FuncLit); !ok || kind != edge.CallExpr_Args {
		return false
	}
	callee := calleeName(s.pass.TypesInfo, call.Node().(*ast.CallExpr))
	return callee == name{"runtime", "", "SetFinalizer"} || callee == name{"runtime", "", "AddCleanup"}
}

// isBareHandler reports whether the function at fn handles requests, and is run
// with the variables of the connection.
func (s stays) isBareHandler(fn inspector.Cursor) bool {
	if !isHandler(signature(s.pass.TypesInfo, fn)) {
		return false
	}
	if s.isServed(fn) {
		return true
	}
	file := s.pass.Fset.File(fn.Node().Pos()).Name()
	return !s.use.works && (s.pass.Pkg.Name() == "main" || strings.HasSuffix(file, "_test.go")) && !isDirect(s.pass.TypesInfo, fn)
}

// handlers holds the types of the parameter by which a handler is recognised,
// the last parameter if it has several.
var handlers = map[string]bool{
	"*net/http.Request":                       true,
	"*github.com/valyala/fasthttp.RequestCtx": true,
	"*github.com/gin-gonic/gin.Context":       true,
	"github.com/labstack/echo/v4.Context":     true,
	"*github.com/labstack/echo/v5.Context":    true,
	"*github.com/gofiber/fiber/v2.Ctx":        true,
	"github.com/gofiber/fiber/v3.Ctx":         true,
}

func isHandler(sig *types.Signature) bool {
	params := sig.Params()
	if params.Len() == 0 {
		return false
	}
	last := types.Unalias(params.At(params.Len() - 1).Type())
	if !handlers[types.TypeString(last, nil)] {
		return false
	}
	if types.TypeString(last, nil) != "*net/http.Request" {
		return params.Len() == 1
	}
	return params.Len() == 2 && types.TypeString(params.At(0).Type(), nil) == "net/http.ResponseWriter"
}

// isServed reports whether the literal at fn is given to a server directly:
// httptest.NewServer(http.HandlerFunc(fn)).
func (s stays) isServed(fn inspector.Cursor) bool {
	if _, ok := fn.Node().(*ast.FuncLit); !ok {
		return false
	}
	c := fn
	if call, kind := callAround(fn); kind == edge.CallExpr_Args && s.pass.TypesInfo.Types[call.Node().(*ast.CallExpr).Fun].IsType() {
		c = call // http.HandlerFunc(fn)
	}
	if c.ParentEdgeKind() == edge.KeyValueExpr_Value {
		lit := c.Parent().Parent().Node()
		key, _ := c.Parent().Node().(*ast.KeyValueExpr).Key.(*ast.Ident)
		composite, ok := lit.(*ast.CompositeLit)
		return ok && key != nil && key.Name == "Handler" &&
			types.TypeString(s.pass.TypesInfo.TypeOf(composite), nil) == "net/http.Server"
	}
	call, kind := callAround(c)
	if kind != edge.CallExpr_Args {
		return false
	}
	switch calleeName(s.pass.TypesInfo, call.Node().(*ast.CallExpr)) {
	case name{"net/http", "", "ListenAndServe"}, name{"net/http", "", "ListenAndServeTLS"},
		name{"net/http", "", "Serve"}, name{"net/http", "", "ServeTLS"},
		name{"net/http/httptest", "", "NewServer"}, name{"net/http/httptest", "", "NewTLSServer"},
		name{"net/http/httptest", "", "NewUnstartedServer"},
		name{"github.com/valyala/fasthttp", "", "ListenAndServe"}, name{"github.com/valyala/fasthttp", "", "Serve"}:
		return true
	}
	return false
}

// isDirect reports whether the literal at fn is called only by the surrounding
// code.
func isDirect(info *types.Info, fn inspector.Cursor) bool {
	_, ok := fn.Node().(*ast.FuncLit)
	return ok && calledInPlace(info, fn)
}
