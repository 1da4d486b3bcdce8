package ctxvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Copy reports variables and tokens that ctxvar did not make: the zero values
// of ctxvar.Var and ctxvar.Token, and copies of what they or a
// ctxvar.Context point to.
var Copy = &analysis.Analyzer{
	Name: "varcopy",
	Doc: `report zero and copied context variables

A variable is a pointer that ctxvar.New has returned. The methods of the zero Var
and of a copy panic. The analyzer reports the types and expressions that make one:

	var v ctxvar.Var[int]              also as a field, parameter, element, and with new
	v := *requestID                    also of a token or a Context

Use the pointer instead:

	var v = ctxvar.New[int]("v")
	func f(v *ctxvar.Var[int])`,
	URL:      "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Copy",
	Requires: []*analysis.Analyzer{inspect.Analyzer, uses},
	Run:      runCopy,
}

func runCopy(pass *analysis.Pass) (any, error) {
	if !pass.ResultOf[uses].(use).vars || pass.Pkg.Path() == ctxvarPath {
		return nil, nil
	}
	info := pass.TypesInfo
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.IndexExpr)(nil), (*ast.Ident)(nil), (*ast.SelectorExpr)(nil), (*ast.StarExpr)(nil)) {
		e := c.Node().(ast.Expr)
		tv, ok := info.Types[e]
		switch {
		case !ok:
		case tv.IsType() && makesValue(c):
			for _, typeName := range []string{"Var", "Token"} {
				if isValue(tv.Type, typeName) {
					reportZero(pass, e, typeName)
				}
			}
		case tv.IsValue() && copies(info, c):
			for _, typeName := range []string{"Var", "Token", "Context"} {
				if isValue(tv.Type, typeName) {
					pass.ReportRangef(e, "a copy of a ctxvar.%s cannot be used, and panics: use the pointer", typeName)
				}
			}
		}
	}
	return nil, nil
}

// makesValue reports whether the type at c is used for a value, and not after a
// star, in the definition of a type, or as a type argument.
func makesValue(c inspector.Cursor) bool {
	kind := c.ParentEdgeKind()
	for kind == edge.ParenExpr_X {
		c = c.Parent()
		kind = c.ParentEdgeKind()
	}
	switch kind {
	case edge.StarExpr_X, edge.TypeSpec_Type, edge.IndexExpr_X, edge.IndexExpr_Index, edge.IndexListExpr_X, edge.IndexListExpr_Indices,
		edge.SelectorExpr_X, edge.SelectorExpr_Sel:
		return false
	}
	return true
}

// copies reports whether the value at c, if it is a dereferenced pointer, is
// used other than through the pointer, as (*v).Get() and &*v are.
func copies(info *types.Info, c inspector.Cursor) bool {
	if _, ok := c.Node().(*ast.StarExpr); !ok {
		return false
	}
	kind := c.ParentEdgeKind()
	for kind == edge.ParenExpr_X {
		c = c.Parent()
		kind = c.ParentEdgeKind()
	}
	switch kind {
	case edge.SelectorExpr_X, edge.UnaryExpr_X:
		return false
	case edge.AssignStmt_Rhs:
		assign := c.Parent().Node().(*ast.AssignStmt)
		return len(assign.Lhs) != len(assign.Rhs) || !isBlank(assign.Lhs[c.ParentEdgeIndex()])
	}
	return true
}

func reportZero(pass *analysis.Pass, e ast.Expr, typeName string) {
	what := "is not a variable, and its use panics: use the pointer that ctxvar.New returns"
	if typeName != "Var" {
		what = "belongs to no variable, and its use panics: use the pointer that Set returns"
	}
	pass.ReportRangef(e, "the zero ctxvar.%s %s", typeName, what)
}
