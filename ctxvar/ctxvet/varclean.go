package ctxvet

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Clean reports functions that C calls and that do not begin with variables of
// their own.
var Clean = &analysis.Analyzer{
	Name: "varclean",
	Doc: `report functions for C that begin with somebody else's variables

A function that is exported to C runs in a goroutine of the runtime, which goes
from one thread of C to another and keeps what an earlier call has set. So the
function must begin without variables:

	//export onEvent
	func onEvent(e *C.event) {
		ctxvar.Detach(func() {
			...
		})
	}

Context.Run, Call, RunFrom and Work serve the same purpose. A function that calls
only C, builtins and the standard library needs none of them.`,
	URL:      "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Clean",
	Requires: []*analysis.Analyzer{inspect.Analyzer, uses},
	Run:      runClean,
}

func runClean(pass *analysis.Pass) (any, error) {
	if !pass.ResultOf[uses].(use).vars || ofHeirloom(pass.Pkg.Path()) {
		return nil, nil
	}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.FuncDecl)(nil)) {
		decl := c.Node().(*ast.FuncDecl)
		if decl.Body == nil || !isExported(decl) {
			continue
		}
		if call := unclean(pass, c); call != nil {
			pass.ReportRangef(decl.Name, "%s is called by C with the variables of an earlier call, also where it calls %s: "+
				"begin with ctxvar.Detach", decl.Name.Name, types.ExprString(call.Fun))
		}
	}
	return nil, nil
}

// isExported reports whether C can call the function.
func isExported(decl *ast.FuncDecl) bool {
	if decl.Doc == nil {
		return false
	}
	for _, comment := range decl.Doc.List {
		if rest, ok := strings.CutPrefix(comment.Text, "//export "); ok && strings.TrimSpace(rest) != "" {
			return true
		}
	}
	return false
}

// unclean returns a call, in the function at c, of something that may use
// variables, unless it runs with variables of its own. It returns nil if there
// is none.
func unclean(pass *analysis.Pass, c inspector.Cursor) *ast.CallExpr {
	var found *ast.CallExpr
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || found != nil {
			return found == nil
		}
		if begins(calleeName(pass.TypesInfo, call)) {
			// What it runs is clean. ctxvar.Empty().Run, or the Copy of a Context
			// that was kept, is not reported for what it is called on.
			for _, arg := range call.Args {
				if _, isLit := ast.Unparen(arg).(*ast.FuncLit); !isLit {
					ast.Inspect(arg, visit)
				}
			}
			return false
		}
		if mayUseVars(pass, call) {
			found = call
		}
		return found == nil
	}
	ast.Inspect(c.Node().(*ast.FuncDecl).Body, visit)
	return found
}

// mayUseVars reports whether call calls ctxvar, or something that is not known
// to be independent of it.
func mayUseVars(pass *analysis.Pass, call *ast.CallExpr) bool {
	if tv := pass.TypesInfo.Types[call.Fun]; tv.IsType() || tv.IsBuiltin() {
		return false
	}
	if _, ok := ast.Unparen(call.Fun).(*ast.FuncLit); ok {
		return false // its body is analyzed
	}
	fn, ok := typeutil.Callee(pass.TypesInfo, call).(*types.Func)
	if !ok {
		return true // a value
	}
	if fn.Pkg() == nil {
		return false // error.Error
	}
	path := fn.Pkg().Path()
	switch {
	case path == ctxvarPath:
		return fn.Name() != "New"
	case path == pass.Pkg.Path():
		return !strings.HasPrefix(fn.Name(), "_C") && !strings.HasPrefix(fn.Name(), "_cgo") // what cgo made of C.f
	}
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".") // a package of the standard library has no dot there
}
