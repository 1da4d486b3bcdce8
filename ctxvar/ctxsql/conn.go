package ctxsql

import (
	"context"
	"database/sql"
)

// A Querier runs statements: in a transaction, or each on its own. [*sql.DB],
// [*sql.Tx] and [*sql.Conn] are Queriers too, and it is what generators of
// database code take, such as sqlc's DBTX.
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

// Conn returns a Querier that runs each statement in the transaction of db that
// the running goroutine is in at the moment of the call, see [InTx], and
// outside of any, through the pool, if it is in none. So it may be made once
// and kept: a repository has one in a field and needs neither a parameter nor a
// second set of methods for transactions. It may be used by any number of
// goroutines at the same time.
//
// In a goroutine that has inherited a transaction and doesn't share it, and
// after the transaction's end, the methods return a [*TxError], with
// [ErrOtherGoroutine] or [ErrTxEnded]; the row of QueryRowContext returns it
// from Scan and Err. So they do if the method's ctx carries a transaction and is of
// another piece of work than what the goroutine has inherited, or that is nothing.
//
// Where it is not certain that there is no transaction, since somebody else's profiler
// labels may have taken it away, see [ctxvar.MayBeLost], and ctx carries no variables
// that say so, the methods return a [*TxError] with [ctxvar.ErrMayBeLost].
//
// What PrepareContext returns in a transaction is closed at its end; see [Stmt]
// for statements that live longer. What was returned, rows and statements, is
// not watched: it belongs to the transaction or the pool it came from, and to
// the goroutine that asked for it.
func Conn(db *sql.DB) Querier { return conn{db} }

type conn struct{ db *sql.DB }

// now returns what runs the statements of the running goroutine.
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
		// Only database/sql can make a Row that fails. It does if the ctx has
		// ended, with the ctx's error, before it turns to a connection.
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

// failed is a ctx that has ended because of err.
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

// Stmt returns stmt, which was prepared from db, for the transaction of db that
// the running goroutine is in, as [sql.Tx.StmtContext] does, or stmt itself if
// it is in none. So a statement that is prepared once, at the start, takes part
// in transactions; used as it is it would not. The error is a [*TxError] where
// [Conn]'s methods return one.
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

// Tx returns the transaction of db that the running goroutine is in, for what
// takes a [*sql.Tx], or a [*TxError], with [ErrNoTx] if it is in none. It is
// also how a function insists on being called in a transaction. InTx ends the
// transaction; to commit it, or to roll it back, is not for others.
func Tx(ctx context.Context, db *sql.DB) (*sql.Tx, error) {
	tx, err := adapter.Need(ctx, db, "Tx")
	if err != nil {
		return nil, err
	}
	return tx.(*transaction).tx(), nil
}
