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

// Tx reports statements that a transaction of package ctxsql or ctxpgx has in its
// function but does not take part in: of the *sql.DB, or the *pgxpool.Pool, itself.
var Tx = &analysis.Analyzer{
	Name: "vartx",
	Doc: `report statements in ctxsql.InTx and ctxpgx.InTx that are not part of the transaction

What a *sql.DB runs is outside of every transaction, on another connection, also
in the function that is given to InTx:

	ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "UPDATE ...")
		return err
	})

It is neither rolled back nor sees what the transaction has done, and may wait for
a lock that the transaction holds. What is meant is ctxsql.Conn(db), which -fix
puts there. What is to be outside runs in InTx with Autonomous. The same goes for
a *pgxpool.Pool and ctxpgx.`,
	URL:      "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Tx",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      runTx,
}

// A database is what the functions of a package run transactions of.
type database struct {
	pkg  string // the name of that package, below ctxvar
	pool name   // the type, whose methods are looked at
	// statements are the methods that run statements, and what to use instead: ""
	// for the method of what the package's Conn returns.
	statements map[string]string
}

const insteadOfBegin = "use InTx, with Savepoint or Autonomous"

var databases = []database{
	{"ctxsql", name{pkg: "database/sql", recv: "DB"}, map[string]string{
		"ExecContext": "", "QueryContext": "", "QueryRowContext": "", "PrepareContext": "",
		"Exec": "use the methods of ctxsql.Conn", "Query": "use the methods of ctxsql.Conn",
		"QueryRow": "use the methods of ctxsql.Conn", "Prepare": "use the methods of ctxsql.Conn",
		"Begin": insteadOfBegin, "BeginTx": insteadOfBegin, "Conn": "use ctxsql.Tx",
	}},
	{"ctxpgx", name{pkg: "github.com/jackc/pgx/v5/pgxpool", recv: "Pool"}, map[string]string{
		"Exec": "", "Query": "", "QueryRow": "", "SendBatch": "", "CopyFrom": "",
		"Begin": insteadOfBegin, "BeginTx": insteadOfBegin, "Acquire": "use ctxpgx.Tx", "AcquireFunc": "use ctxpgx.Tx",
	}},
}

func (d *database) path() string { return ctxvarPath + "/" + d.pkg }

func runTx(pass *analysis.Pass) (any, error) {
	for _, d := range databases {
		if slices.ContainsFunc(pass.Pkg.Imports(), func(p *types.Package) bool { return p.Path() == d.path() }) {
			d.check(pass)
		}
	}
	return nil, nil
}

func (d *database) check(pass *analysis.Pass) {
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		callee := calleeName(pass.TypesInfo, call)
		instead, ok := d.statements[callee.name]
		if !ok || callee.pkg != d.pool.pkg || callee.recv != d.pool.recv || c.ParentEdgeKind() == edge.GoStmt_Call {
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
			if kind == edge.CallExpr_Args && slices.Equal(d.transactionOf(pass.TypesInfo, around), db) && !db.changes(pass.TypesInfo, lit) {
				d.report(pass, c, sel, db, instead)
				break
			}
			// In Detach, it is outside on purpose.
			inOther := kind == edge.CallExpr_Args && d.transactionOf(pass.TypesInfo, around) != nil
			if !inOther && !calledInPlace(pass.TypesInfo, lit) {
				break
			}
		}
	}
}

func (d *database) report(pass *analysis.Pass, c inspector.Cursor, sel *ast.SelectorExpr, db operand, instead string) {
	r := analysis.Diagnostic{
		Pos: sel.Pos(), End: sel.End(),
		Message: db.String() + "." + sel.Sel.Name + " is not part of the transaction around it: ",
	}
	if instead != "" {
		r.Message += instead
		pass.Report(r)
		return
	}
	r.Message += "use " + d.pkg + ".Conn"
	if qualifier, edits, ok := importPackage(pass, c, d.path(), d.pkg); ok {
		r.SuggestedFixes = []analysis.SuggestedFix{{
			Message: "Run it in the transaction",
			TextEdits: append(edits,
				analysis.TextEdit{Pos: sel.X.Pos(), End: sel.X.Pos(), NewText: []byte(qualifier + "Conn(")},
				analysis.TextEdit{Pos: sel.X.End(), End: sel.X.End(), NewText: []byte(")")}),
		}}
	}
	pass.Report(r)
}

// transactionOf returns the database that the call at c runs a function in a
// transaction of, or nil.
func (d *database) transactionOf(info *types.Info, c inspector.Cursor) operand {
	call := c.Node().(*ast.CallExpr)
	switch calleeName(info, call) {
	case name{d.path(), "", "InTx"}, name{d.path(), "", "Share"}:
		if len(call.Args) > 1 {
			return operandOf(info, call.Args[1])
		}
	}
	return nil
}
