package ctxvet

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Scope reports variables that are declared in a function.
//
// A function that returns the new variable is not reported, but its calls in
// functions are, including those in other packages. Tests may declare variables
// anywhere, and so may code that runs only once: init, and functions given to a
// [sync.Once].
var Scope = &analysis.Analyzer{
	Name: "varscope",
	Doc: `report context variables that are declared in a function

ctxvar.New in a function makes a new variable with each call. No other code can
read what is set in it, and it takes a little memory in every Context in which it
is ever set. Declare it at package level:

	var requestID = ctxvar.New[string]("request_id")`,
	URL:       "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Scope",
	Requires:  []*analysis.Analyzer{inspect.Analyzer},
	FactTypes: []analysis.Fact{new(makesVar)},
	Run:       runScope,
}

// makesVar is a fact about a function: each call returns a new variable.
type makesVar struct{}

func (*makesVar) AFact()         {}
func (*makesVar) String() string { return "makes a variable" }

func runScope(pass *analysis.Pass) (any, error) {
	info := pass.TypesInfo
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()

	// Only a call that returns a variable can make one.
	var calls []inspector.Cursor
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		if sig, ok := info.TypeOf(c.Node().(*ast.CallExpr).Fun).(*types.Signature); ok && varResult(sig) >= 0 {
			calls = append(calls, c)
		}
	}
	if len(calls) == 0 {
		return nil, nil
	}

	// A function is known to make variables only after the functions that it
	// calls for them are, whatever the order in the source.
	s := scope{pass, newFlow(pass)}
	for found := true; found; {
		found = false
		for decl := range root.Preorder((*ast.FuncDecl)(nil)) {
			found = s.learn(decl) || found
		}
	}

	for _, c := range calls {
		call := c.Node().(*ast.CallExpr)
		callee := typeutil.Callee(info, call)
		if !s.makes(callee) || s.runsOnce(c) || strings.HasSuffix(pass.Fset.File(call.Pos()).Name(), "_test.go") {
			continue
		}
		if fn, ok := funcOf(info, c); ok && varResult(signature(info, fn)) >= 0 {
			continue
		}
		what := callee.Name()
		if callee.Pkg() != pass.Pkg {
			what = callee.Pkg().Name() + "." + what
		}
		pass.ReportRangef(call, "%s in a function makes a new variable with each call, which no other code can read: "+
			"declare it at package level", what)
	}
	return nil, nil
}

type scope struct {
	pass *analysis.Pass
	flow *flow
}

// makes reports whether each call of callee is known to return a new variable.
func (s scope) makes(callee types.Object) bool {
	fn, ok := callee.(*types.Func)
	return ok && (funcName(fn) == name{pkg: ctxvarPath, name: "New"} ||
		s.pass.ImportObjectFact(fn.Origin(), new(makesVar)))
}

// learn determines whether the function declared at c returns a new variable
// from each of its return statements, and reports whether that was not known
// before.
func (s scope) learn(c inspector.Cursor) bool {
	decl := c.Node().(*ast.FuncDecl)
	fn := s.pass.TypesInfo.Defs[decl.Name].(*types.Func)
	i := varResult(fn.Signature())
	if i < 0 || decl.Body == nil || s.makes(fn) || s.pass.Pkg.Path() == ctxvarPath {
		return false
	}
	returns := false
	for r := range c.Preorder((*ast.ReturnStmt)(nil)) {
		if within(r) != c {
			continue
		}
		results := r.Node().(*ast.ReturnStmt).Results
		switch {
		case len(results) == fn.Signature().Results().Len():
			returns = s.isNew(results[i])
		case len(results) == 1:
			returns = s.isNew(results[0])
		default:
			returns = s.allNew(fn.Signature().Results().At(i))
		}
		if !returns {
			return false
		}
	}
	if returns {
		s.pass.ExportObjectFact(fn, new(makesVar))
	}
	return returns
}

// isNew reports whether e is a call that makes a variable, or a local name only
// for the results of such calls.
func (s scope) isNew(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		return s.makes(typeutil.Callee(s.pass.TypesInfo, e))
	case *ast.Ident:
		v, _ := s.pass.TypesInfo.Uses[e].(*types.Var)
		return s.allNew(v)
	}
	return false
}

func (s scope) allNew(v *types.Var) bool {
	sources, ok := s.flow.of(v)
	ok = ok && v.Parent() != v.Pkg().Scope()
	for _, src := range sources {
		call, isCall := src.expr.(*ast.CallExpr)
		ok = ok && (src.expr == nil || isCall && s.makes(typeutil.Callee(s.pass.TypesInfo, call)))
	}
	return ok
}

// runsOnce reports whether the code at c runs only once in a program: at
// package level, in init, or in a function given to a sync.Once or, at package
// level, to sync.OnceFunc and similar functions.
func (s scope) runsOnce(c inspector.Cursor) bool {
	for fn := range c.Enclosing((*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		if decl, ok := fn.Node().(*ast.FuncDecl); ok {
			return decl.Recv == nil && decl.Name.Name == "init"
		}
		call, kind := callAround(fn)
		switch {
		case !call.Valid():
			return false
		case kind == edge.CallExpr_Fun:
			continue
		}
		switch callee := calleeName(s.pass.TypesInfo, call.Node().(*ast.CallExpr)); callee {
		case name{"sync", "Once", "Do"}:
			return true
		case name{"sync", "", "OnceFunc"}, name{"sync", "", "OnceValue"}, name{"sync", "", "OnceValues"}:
		default:
			return false
		}
	}
	return true
}

// varResult returns which result of sig is a variable, or -1 if none is.
func varResult(sig *types.Signature) int {
	for i := range sig.Results().Len() {
		if isCtxvar(sig.Results().At(i).Type(), "Var") {
			return i
		}
	}
	return -1
}

// signature returns the type of the function literal or declaration at c.
func signature(info *types.Info, c inspector.Cursor) *types.Signature {
	if decl, ok := c.Node().(*ast.FuncDecl); ok {
		return info.Defs[decl.Name].(*types.Func).Signature()
	}
	return info.TypeOf(c.Node().(*ast.FuncLit)).Underlying().(*types.Signature)
}
