package ctxvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Token reports tokens that are neither reset nor kept, and tokens whose reset
// has no effect or panics: twice, with another variable, or in another
// goroutine.
//
// Dropping the token of a Set is the way to set a value for the rest of a
// goroutine, and is not reported. A token in a local variable is reported if
// there is a path to the function's end, or to another token in the variable,
// on which it is not used.
var Token = &analysis.Analyzer{
	Name: "vartoken",
	Doc: `report tokens that are not reset, or reset where it can't work

The analyzer reports:

	defer v.Set(x)                   sets at the end, and restores nothing
	v.Set(x).Reset()                 restores the previous value at once
	_ = v.Set(x).Reset               is not called
	go v.Set(x)                      sets in a goroutine that ends at once
	go t.Reset()                     panics, as in any function that another goroutine runs
	c.Run(func() { t.Reset() })      panics if t was made outside
	t.Reset(); t.Reset()             panics the second time, also if one is deferred
	w.Reset(v.Set(x))                panics: the token is of v

and a token in a variable that is used on some paths through a function and not on
others:

	t := v.Set(x)
	if err := check(); err != nil {
		return err
	}
	t.Reset()

The usual form is the following; -fix changes the first two to it:

	defer v.Set(x).Reset()

Dropping the token is not a mistake: the value then stays set.`,
	URL:       "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Token",
	Requires:  []*analysis.Analyzer{inspect.Analyzer, ctrlflow.Analyzer, uses},
	FactTypes: []analysis.Fact{new(declares)},
	Run:       runToken,
}

func runToken(pass *analysis.Pass) (any, error) {
	t := tokens{pass: pass, declares: make(map[types.Object]bool)}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	if pass.ResultOf[uses].(use).vars && pass.Pkg.Path() != ctxvarPath {
		t.learnDeclared()
	}
	resets := make(map[*types.Var][]resetting)
	for c := range root.Preorder((*ast.CallExpr)(nil), (*ast.SelectorExpr)(nil)) {
		if call, ok := c.Node().(*ast.CallExpr); ok {
			t.checkStatement(c, call)
			t.checkPaths(c, call)
		}
		if tok := t.resetAt(c); tok != nil && !t.checkVain(c, tok) {
			t.checkElsewhere(c, tok)
			t.checkOther(c, tok)
		}
		if v, r := t.resetOf(c); v != nil {
			resets[v] = append(resets[v], r)
		}
	}
	t.checkTwice(resets)
	return nil, nil
}

type tokens struct {
	pass  *analysis.Pass
	known *flow // see flow
	// declares has the variables at package level that hold one of their own.
	declares map[types.Object]bool
}

// flow returns the package's flow. It is not made before it is needed, which in
// most packages is never.
func (t *tokens) flow() *flow {
	if t.known == nil {
		t.known = newFlow(t.pass)
	}
	return t.known
}

// resetAt returns the token that is reset at c, if c is a call, v.Reset(tok) or
// tok.Reset(), or a method value, tok.Reset; else nil.
func (t *tokens) resetAt(c inspector.Cursor) ast.Expr {
	ofToken := name{ctxvarPath, "Token", "Reset"}
	switch n := c.Node().(type) {
	case *ast.CallExpr:
		sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
		switch callee := calleeName(t.pass.TypesInfo, n); {
		case callee == ofToken && ok && len(n.Args) == 0:
			return sel.X
		case callee == name{ctxvarPath, "Var", "Reset"} && len(n.Args) == 1:
			return n.Args[0]
		}
	case *ast.SelectorExpr:
		if _, kind := callAround(c); kind != edge.CallExpr_Fun && funcName(t.pass.TypesInfo.Uses[n.Sel]) == ofToken {
			return n.X
		}
	}
	return nil
}

// checkStatement reports a deferred call that returns a token, and one in a go
// statement.
func (t *tokens) checkStatement(c inspector.Cursor, call *ast.CallExpr) {
	if !isCtxvar(t.pass.TypesInfo.TypeOf(call), "Token") {
		return
	}
	switch c.ParentEdgeKind() {
	case edge.DeferStmt_Call:
		if t.restores(call) {
			return
		}
		t.pass.Report(analysis.Diagnostic{
			Pos: call.Pos(), End: call.End(),
			Message: "a deferred Set sets the variable when the function returns, and restores nothing: " +
				"defer the Reset",
			SuggestedFixes: []analysis.SuggestedFix{{
				Message:   "Defer the Reset",
				TextEdits: []analysis.TextEdit{{Pos: call.End(), End: call.End(), NewText: []byte(".Reset()")}},
			}},
		})
	case edge.GoStmt_Call:
		t.pass.ReportRangef(call, "a go statement with a Set sets the variable only in a goroutine that ends at once")
	}
}

// restores reports whether call sets a variable to what one had before:
// defer v.Set(old) gives it back by hand.
func (t *tokens) restores(call *ast.CallExpr) bool {
	if len(call.Args) != 1 {
		return false
	}
	id, ok := ast.Unparen(call.Args[0]).(*ast.Ident)
	if !ok {
		return false
	}
	v, _ := t.pass.TypesInfo.Uses[id].(*types.Var)
	sources, _ := t.flow().of(v)
	for _, src := range sources {
		get, ok := src.expr.(*ast.CallExpr)
		if !ok {
			continue
		}
		callee := calleeName(t.pass.TypesInfo, get)
		if callee.pkg == ctxvarPath && (callee.recv == "Var" || callee.recv == "Token") {
			return true
		}
	}
	return false
}

// checkVain reports, and then returns true, if the reset of tok at c is of no
// use: of a value just set, in a statement of its own or not called at all.
func (t *tokens) checkVain(c inspector.Cursor, tok ast.Expr) bool {
	set, ok := ast.Unparen(tok).(*ast.CallExpr)
	if !ok || calleeName(t.pass.TypesInfo, set) != (name{ctxvarPath, "Var", "Set"}) {
		return false
	}
	switch stmt := c.Parent().Node().(type) {
	case *ast.ExprStmt:
		t.pass.Report(analysis.Diagnostic{
			Pos: stmt.Pos(), End: stmt.End(),
			Message: "the value is reset as soon as it is set: defer the Reset",
			SuggestedFixes: []analysis.SuggestedFix{{
				Message:   "Defer the Reset",
				TextEdits: []analysis.TextEdit{{Pos: stmt.Pos(), End: stmt.Pos(), NewText: []byte("defer ")}},
			}},
		})
		return true
	case *ast.AssignStmt:
		if len(stmt.Lhs) == len(stmt.Rhs) && isBlank(stmt.Lhs[c.ParentEdgeIndex()]) {
			t.pass.ReportRangef(c.Node(), "the Reset is not called: defer it, or drop the token to let the value stay")
			return true
		}
	}
	return false
}

func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}
