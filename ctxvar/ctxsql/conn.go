package ctxsql

import (
	"context"
	"database/sql"
)

// A Querier runs statements, in a transaction or outside of any. [*sql.DB],
// [*sql.Tx] and [*sql.Conn] are Queriers too. Generators of database code
// expect such an interface, for example sqlc as its DBTX.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

var (
	_ Querier = (*sql.DB)(nil)
	_ Querier = (*sql.Tx)(nil)
	_ Querier = (*sql.Conn)(nil)
)

// Conn returns a Querier that runs each statement in the transaction of db in
// which the running goroutine is at the moment of the call (see [InTx]). If it
// is in none, the statement runs outside of any transaction, through the pool.
// So a Querier can be made once and kept: a repository has one in a field, and
// needs neither a parameter nor a second set of methods for transactions. Any
// number of goroutines may use it at the same time.
//
// In a goroutine that has inherited a transaction and does not share it, and
// after the transaction's end, the methods return a [*TxError] with
// [ErrOtherGoroutine] or [ErrTxEnded]; the row of QueryRowContext returns it
// from Scan and Err. They do the same if the method's ctx carries a transaction
// and the goroutine has inherited nothing, or something that belongs to another
// work.
//
// If it is uncertain that there is no transaction, because somebody else's
// profiler labels may have taken it away (see ctxvar.MayBeLost), and ctx
// carries no variables that settle this, the methods return a [*TxError] with
// ctxvar.ErrMayBeLost.
//
// A statement prepared by PrepareContext in a transaction is closed at the
// transaction's end; see [Stmt] for statements that live longer. Rows and
// statements that were returned are not checked any further: they belong to the
// transaction or the pool they came from, and to the goroutine that asked for
// them.
func Conn(db *sql.DB) Querier { return conn{db} }

type conn struct{ db *sql.DB }

// now returns the Querier for the running goroutine at this moment.
func (c conn) now(ctx context.Context, op string) (Querier, error) {
	tx, err := adapter.Use(ctx, c.db, op)
	if tx == nil {
		return c.db, err
	}
	return tx.(*transaction).tx(), nil
}

func (c conn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	q, err := c.now(ctx, "ExecContext")
	if err != nil {
		return nil, err
	}
	return q.ExecContext(ctx, query, args...)
}

func (c conn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	q, err := c.now(ctx, "QueryContext")
	if err != nil {
		return nil, err
	}
	return q.QueryContext(ctx, query, args...)
}

func (c conn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	q, err := c.now(ctx, "QueryRowContext")
	if err != nil {
		// Only database/sql can make a Row that fails. If the ctx has ended, it
		// does so, with the ctx's error, before it takes a connection.
		return c.db.QueryRowContext(failed{ctx, err}, query)
	}
	return q.QueryRowContext(ctx, query, args...)
}

func (c conn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	q, err := c.now(ctx, "PrepareContext")
	if err != nil {
		return nil, err
	}
	return q.PrepareContext(ctx, query)
}

// A failed is a ctx that has ended because of err.
type failed struct {
	context.Context
	err error
}

func (f failed) Done() <-chan struct{} { return closed }
func (f failed) Err() error            { return f.err }

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Stmt returns stmt, which was prepared with db, for the transaction of db in
// which the running goroutine is, as [sql.Tx.StmtContext] does. If it is in
// none, Stmt returns stmt itself. So a statement that is prepared once, at the
// start, can take part in transactions; used directly, it would not. The error
// is a [*TxError] in the same cases as for [Conn]'s methods.
func Stmt(ctx context.Context, db *sql.DB, stmt *sql.Stmt) (*sql.Stmt, error) {
	switch tx, err := adapter.Use(ctx, db, "Stmt"); {
	case err != nil:
		return nil, err
	case tx == nil:
		return stmt, nil
	default:
		return tx.(*transaction).tx().StmtContext(ctx, stmt), nil
	}
}

// Tx returns the transaction of db in which the running goroutine is, for
// functions that take a [*sql.Tx]. If it is in none, Tx returns a [*TxError]
// with [ErrNoTx], so a function can also use it to require a transaction. Only
// InTx may commit or roll back the transaction.
func Tx(ctx context.Context, db *sql.DB) (*sql.Tx, error) {
	tx, err := adapter.Need(ctx, db, "Tx")
	if err != nil {
		return nil, err
	}
	return tx.(*transaction).tx(), nil
}
