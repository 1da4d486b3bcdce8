package ctxvet

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

const ctxsqlPath = ctxvarPath + "/ctxsql"

// Tx reports statements that a transaction of package ctxsql has in its function
// but does not take part in: of the *sql.DB itself.
var Tx = &analysis.Analyzer{
	Name: "vartx",
	Doc: `report statements in ctxsql.InTx that are not part of the transaction

What a *sql.DB runs is outside of every transaction, on another connection, also
in the function that is given to InTx:

	ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "UPDATE ...")
		return err
	})

It is neither rolled back nor sees what the transaction has done, and may wait for
a lock that the transaction holds. What is meant is ctxsql.Conn(db), which -fix
puts there. What is to be outside runs in InTx with Autonomous.`,
	URL:      "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Tx",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      runTx,
}

// statements are the methods of *sql.DB that run statements, and whether
// ctxsql.Conn has them.
var statements = map[string]bool{
	"ExecContext": true, "QueryContext": true, "QueryRowContext": true, "PrepareContext": true,
	"Exec": false, "Query": false, "QueryRow": false, "Prepare": false,
	"Begin": false, "BeginTx": false, "Conn": false,
}

func runTx(pass *analysis.Pass) (any, error) {
	if !slices.ContainsFunc(pass.Pkg.Imports(), func(p *types.Package) bool { return p.Path() == ctxsqlPath }) {
		return nil, nil
	}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		callee := calleeName(pass.TypesInfo, call)
		hasConn, ok := statements[callee.name]
		if !ok || callee.pkg != "database/sql" || callee.recv != "DB" || c.ParentEdgeKind() == edge.GoStmt_Call {
			continue
		}
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !ok {
			continue
		}
		db := operandOf(pass.TypesInfo, sel.X)
		if db == nil {
			continue
		}
		for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
			around, kind := callAround(lit)
			if kind == edge.CallExpr_Args && slices.Equal(transactionOf(pass.TypesInfo, around), db) && !db.changes(pass.TypesInfo, lit) {
				reportOutside(pass, c, sel, db, hasConn)
				break
			}
			// In Detach, it is outside on purpose.
			inOther := kind == edge.CallExpr_Args && transactionOf(pass.TypesInfo, around) != nil
			if !inOther && !calledInPlace(pass.TypesInfo, lit) {
				break
			}
		}
	}
	return nil, nil
}

func reportOutside(pass *analysis.Pass, c inspector.Cursor, sel *ast.SelectorExpr, db operand, hasConn bool) {
	d := analysis.Diagnostic{Pos: sel.Pos(), End: sel.End()}
	if !hasConn {
		instead := "use the methods of ctxsql.Conn"
		switch sel.Sel.Name {
		case "Begin", "BeginTx":
			instead = "use InTx, with Savepoint or Autonomous"
		case "Conn":
			instead = "use ctxsql.Tx"
		}
		d.Message = db.String() + "." + sel.Sel.Name + " is not part of the transaction around it: " + instead
		pass.Report(d)
		return
	}
	d.Message = db.String() + "." + sel.Sel.Name + " is not part of the transaction around it: use ctxsql.Conn"
	if qualifier, edits, ok := importPackage(pass, c, ctxsqlPath, "ctxsql"); ok {
		d.SuggestedFixes = []analysis.SuggestedFix{{
			Message: "Run it in the transaction",
			TextEdits: append(edits,
				analysis.TextEdit{Pos: sel.X.Pos(), End: sel.X.Pos(), NewText: []byte(qualifier + "Conn(")},
				analysis.TextEdit{Pos: sel.X.End(), End: sel.X.End(), NewText: []byte(")")}),
		}}
	}
	pass.Report(d)
}

// transactionOf returns the database that the call at c runs a function in a
// transaction of, or nil.
func transactionOf(info *types.Info, c inspector.Cursor) operand {
	call := c.Node().(*ast.CallExpr)
	switch calleeName(info, call) {
	case name{ctxsqlPath, "", "InTx"}, name{ctxsqlPath, "", "Share"}:
		if len(call.Args) > 1 {
			return operandOf(info, call.Args[1])
		}
	}
	return nil
}
