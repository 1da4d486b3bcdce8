package ctxvet

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Tx reports statements in the function of a transaction of package ctxsql or ctxpgx
// that are not part of it, because the *sql.DB, or the *pgxpool.Pool, itself runs them.
var Tx = &analysis.Analyzer{
	Name: "vartx",
	Doc: `report statements in ctxsql.InTx and ctxpgx.InTx that are not part of the transaction

A *sql.DB runs statements outside of every transaction, on another connection. This
is also so in the function given to InTx, and in functions of any package that it
calls:

	ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "UPDATE ...")
		return err
	})

Such a statement is not rolled back with the transaction, does not see what the
transaction has done, and may wait for a lock that the transaction holds. Use
ctxsql.Conn(db), which -fix inserts. For a statement that should be outside, use
InTx with Autonomous. The same holds for a *pgxpool.Pool and ctxpgx.`,
	URL:       "https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxvet#Tx",
	Requires:  []*analysis.Analyzer{inspect.Analyzer, ctrlflow.Analyzer},
	FactTypes: []analysis.Fact{new(runsStatements)},
	Run:       runTx,
}

// A database describes the databases whose transactions the functions of a package run.
type database struct {
	pkg  string // the name of that package, below ctxvar
	pool name   // the type whose methods are analyzed
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

// runsStatements is a fact about a function: it runs statements of a database.
type runsStatements struct{ Places []place }

func (*runsStatements) AFact()           {}
func (*runsStatements) String() string   { return "runs statements" }
func (f *runsStatements) list() *[]place { return &f.Places }

func runTx(pass *analysis.Pass) (any, error) {
	imports := func(path string) bool {
		return slices.ContainsFunc(pass.Pkg.Imports(), func(p *types.Package) bool { return p.Path() == path })
	}
	facts := make(map[*types.Func]reachFact)
	for _, d := range databases {
		inTx, statements := imports(d.path()), imports(d.pool.pkg)
		if !inTx && !statements || ofHeirloom(pass.Pkg.Path()) || pass.Pkg.Path() == d.pool.pkg {
			continue
		}
		t := &transactions{database: d}
		t.called = called{pass: pass, runsHere: t.runsHere, newFact: func() reachFact { return new(runsStatements) },
			does: func(c inspector.Cursor) operand {
				_, db := t.statement(c)
				return db
			}}
		t.export(facts)
		if !inTx {
			continue
		}
		for c := range t.root().Preorder((*ast.CallExpr)(nil), (*ast.SelectorExpr)(nil)) {
			t.check(c)
		}
	}
	for fn, fact := range facts {
		pass.ExportObjectFact(fn, fact)
	}
	return nil, nil
}

type transactions struct {
	called
	database
}

// check reports the code at c if it runs a statement outside of the transaction around
// it: if it is the call of a statement, of a function that reaches one, or of a function
// that is given one.
func (t *transactions) check(c inspector.Cursor) {
	call, isCall := c.Node().(*ast.CallExpr)
	var (
		sel *ast.SelectorExpr
		db  operand
	)
	if isCall {
		if o := t.transactionOf(c); o != nil {
			for _, arg := range call.Args {
				if found := t.reachedIn(arg, o); found != "" {
					t.reportCall(arg, found)
				}
			}
		}
		sel, db = t.statement(c)
	} else if around, kind := callAround(c); kind == edge.CallExpr_Args && t.runsNow(around) {
		sel = c.Node().(*ast.SelectorExpr)
		db = t.statementOf(sel)
	}
	if isCall && c.ParentEdgeKind() == edge.GoStmt_Call || !isCall && db == nil {
		return
	}
	for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
		around, kind := callAround(lit)
		inTx := kind == edge.CallExpr_Args && t.isTransaction(around)
		if o := t.transactionOf(around); inTx && o != nil && !o.changes(t.pass.TypesInfo, lit) {
			if slices.Equal(o, db) {
				t.report(c, sel)
				return
			}
			if db == nil {
				if found := t.reachedBy(c, o); found != "" {
					t.reportCall(call.Fun, found)
					return
				}
			}
		}
		if !t.runsHere(lit) {
			return
		}
	}
}

// runsHere reports whether the literal at c is run in place. In Detach, it is
// outside of the transaction on purpose.
func (t *transactions) runsHere(lit inspector.Cursor) bool {
	around, kind := callAround(lit)
	return kind == edge.CallExpr_Args && t.isTransaction(around) || calledInPlace(t.pass.TypesInfo, lit)
}

// runsNow reports whether the call at c may well run its arguments before it
// returns.
func (t *transactions) runsNow(c inspector.Cursor) bool {
	return c.ParentEdgeKind() != edge.GoStmt_Call &&
		runners[calleeName(t.pass.TypesInfo, c.Node().(*ast.CallExpr))] == ""
}

// statement returns the database on which the call at c runs a statement, or
// nil, and the method that it calls.
func (t *transactions) statement(c inspector.Cursor) (*ast.SelectorExpr, operand) {
	call := c.Node().(*ast.CallExpr)
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.SelectorExpr:
		if s := t.pass.TypesInfo.Selections[f]; s != nil && s.Kind() == types.MethodExpr {
			if len(call.Args) > 0 && t.isStatement(f) { // (*sql.DB).Exec(db, ...)
				return f, t.operandOf(call.Args[0])
			}
			return nil, nil
		}
		return f, t.statementOf(f)
	case *ast.Ident: // exec := db.Exec
		v, _ := t.pass.TypesInfo.Uses[f].(*types.Var)
		if v == nil || !isFunc(v) {
			return nil, nil
		}
		if sources, ok := t.flow().of(v); ok && len(sources) == 1 && sources[0].expr != nil {
			if sel, isSel := ast.Unparen(sources[0].expr).(*ast.SelectorExpr); isSel {
				return sel, t.statementOf(sel)
			}
		}
	}
	return nil, nil
}

func isFunc(v *types.Var) bool {
	_, ok := v.Type().Underlying().(*types.Signature)
	return ok
}

func (t *transactions) isStatement(sel *ast.SelectorExpr) bool {
	method := funcName(t.pass.TypesInfo.Uses[sel.Sel])
	_, ok := t.statements[method.name]
	return ok && method.pkg == t.pool.pkg && method.recv == t.pool.recv
}

// statementOf returns the database of which sel is a method that runs
// statements, or nil.
func (t *transactions) statementOf(sel *ast.SelectorExpr) operand {
	if s := t.pass.TypesInfo.Selections[sel]; s == nil || s.Kind() != types.MethodVal || !t.isStatement(sel) {
		return nil
	}
	return t.receiverOf(sel)
}

// report reports sel, or the call at c of a variable that holds sel.
func (t *transactions) report(c inspector.Cursor, sel *ast.SelectorExpr) {
	instead := t.statements[sel.Sel.Name]
	r := analysis.Diagnostic{
		Pos: sel.Pos(), End: sel.End(),
		Message: types.ExprString(sel) + " is not part of the transaction around it: ",
	}
	inPlace := contains(c.Node(), sel)
	if !inPlace {
		r.Pos, r.End = c.Node().Pos(), c.Node().End()
	}
	if instead != "" {
		r.Message += instead
		t.pass.Report(r)
		return
	}
	r.Message += "use " + t.pkg + ".Conn"
	if qualifier, edits, ok := importPackage(t.pass, c, t.path(), t.pkg); ok && inPlace && t.isPool(sel.X) {
		r.SuggestedFixes = []analysis.SuggestedFix{{
			Message: "Run it in the transaction",
			TextEdits: append(edits,
				analysis.TextEdit{Pos: sel.X.Pos(), End: sel.X.Pos(), NewText: []byte(qualifier + "Conn(")},
				analysis.TextEdit{Pos: sel.X.End(), End: sel.X.End(), NewText: []byte(")")}),
		}}
	}
	t.pass.Report(r)
}

// isPool reports whether e is the database itself, not a type or a value that embeds it.
func (t *transactions) isPool(e ast.Expr) bool {
	named := namedType(t.pass.TypesInfo.TypeOf(e))
	return t.pass.TypesInfo.Types[e].IsValue() && named != nil && named.Obj().Name() == t.pool.recv && named.Obj().Pkg().Path() == t.pool.pkg
}

// reportCall reports f, which reaches the statement found.
func (t *transactions) reportCall(f ast.Expr, found string) {
	t.pass.ReportRangef(f, "%s runs a statement that is not part of the transaction around it, in %s: use %s.Conn there",
		types.ExprString(f), found, t.pkg)
}

// isTransaction reports whether the call at c runs a function in a transaction.
func (t *transactions) isTransaction(c inspector.Cursor) bool {
	callee := calleeName(t.pass.TypesInfo, c.Node().(*ast.CallExpr))
	return callee == name{t.path(), "", "InTx"} || callee == name{t.path(), "", "Share"}
}

// transactionOf returns the database in whose transaction the call at c runs a function,
// or nil.
func (t *transactions) transactionOf(c inspector.Cursor) operand {
	if !c.Valid() || !t.isTransaction(c) {
		return nil
	}
	if call := c.Node().(*ast.CallExpr); len(call.Args) > 1 {
		return t.operandOf(call.Args[1])
	}
	return nil
}
