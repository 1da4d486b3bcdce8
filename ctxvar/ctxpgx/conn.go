package ctxpgx

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A Querier runs statements, in a transaction or outside of any.
// [*pgxpool.Pool], [pgx.Tx] and [*pgx.Conn] are Queriers too. It has the
// methods of the DBTX in code that sqlc generates for pgx, including those for
// :batch and :copyfrom.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	CopyFrom(ctx context.Context, tableName pgx.Identifier, columnNames []string, rowSrc pgx.CopyFromSource) (int64, error)
}

var (
	_ Querier = (*pgxpool.Pool)(nil)
	_ Querier = pgx.Tx(nil)
	_ Querier = (*pgx.Conn)(nil)
)

// Conn returns a Querier that runs each statement in the transaction of pool in
// which the running goroutine is at the moment of the call (see [InTx]). If it
// is in none, the statement runs outside of any transaction, through the pool.
// So a Querier can be made once and kept: a repository has one in a field, and
// needs neither a parameter nor a second set of methods for transactions. Any
// number of goroutines may use it at the same time.
//
// In a goroutine that has inherited a transaction and does not share it, and
// after the transaction's end, the methods return a [*TxError] with
// [ErrOtherGoroutine] or [ErrTxEnded]; the row of QueryRow returns it from
// Scan, and the result of SendBatch from each method. They do the same if the
// method's ctx carries a transaction and the goroutine has inherited nothing,
// or something that belongs to another work.
//
// If it is uncertain that there is no transaction, because somebody else's
// profiler labels may have taken it away (see ctxvar.MayBeLost), and ctx
// carries no variables that settle this, the methods return a [*TxError] with
// ctxvar.ErrMayBeLost.
//
// In a transaction that several goroutines share, a statement waits for the end
// of another goroutine's statement. If ctx ends first, it returns a [*TxError]
// with [ErrShared]. A statement has ended when its rows are closed or read to
// the end, its row is scanned, or its batch is closed; the goroutine that ran
// the statement must do that.
func Conn(pool *pgxpool.Pool) Querier { return conn{pool} }

type conn struct{ pool *pgxpool.Pool }

// now returns the Querier for the running goroutine at this moment.
func (c conn) now(ctx context.Context, op string) (Querier, error) {
	tx, err := adapter.Use(ctx, c.pool, op)
	if tx == nil {
		return c.pool, err
	}
	return tx.(*transaction).gated(op), nil
}

func (c conn) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	q, err := c.now(ctx, "Exec")
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return q.Exec(ctx, sql, args...)
}

func (c conn) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	q, err := c.now(ctx, "Query")
	if err != nil {
		return failedRows(err)
	}
	return q.Query(ctx, sql, args...)
}

func (c conn) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	q, err := c.now(ctx, "QueryRow")
	if err != nil {
		return failedRow(err)
	}
	return q.QueryRow(ctx, sql, args...)
}

func (c conn) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	q, err := c.now(ctx, "SendBatch")
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	return q.SendBatch(ctx, b)
}

func (c conn) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, src pgx.CopyFromSource) (int64, error) {
	q, err := c.now(ctx, "CopyFrom")
	if err != nil {
		return 0, err
	}
	return q.CopyFrom(ctx, table, columns, src)
}

// Tx returns the transaction of pool in which the running goroutine is, for
// functions that take a [pgx.Tx]. If it is in none, Tx returns a [*TxError]
// with [ErrNoTx], so a function can also use it to require a transaction. Only
// InTx may commit or roll back the transaction. Statements run directly on it
// do not wait for those of other goroutines, so where several goroutines share
// the transaction, use [Conn].
func Tx(ctx context.Context, pool *pgxpool.Pool) (pgx.Tx, error) {
	tx, err := adapter.Need(ctx, pool, "Tx")
	if err != nil {
		return nil, err
	}
	return tx.(*transaction).tx, nil
}
