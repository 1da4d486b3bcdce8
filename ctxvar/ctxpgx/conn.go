package ctxpgx

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A Querier runs statements: in a transaction, or each on its own. [*pgxpool.Pool],
// [pgx.Tx] and [*pgx.Conn] are Queriers too, and it has the methods that the DBTX of code
// that sqlc generates for pgx asks for, those of :batch and :copyfrom included.
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

// Conn returns a Querier that runs each statement in the transaction of pool that the
// running goroutine is in at the moment of the call, see [InTx], and outside of any,
// through the pool, if it is in none. So it may be made once and kept: a repository has
// one in a field and needs neither a parameter nor a second set of methods for
// transactions. It may be used by any number of goroutines at the same time.
//
// In a goroutine that has inherited a transaction and doesn't share it, and after the
// transaction's end, the methods return a [*TxError], with [ErrOtherGoroutine] or
// [ErrTxEnded]; the row of QueryRow returns it from Scan, and what SendBatch returns from
// each method. So they do if the method's ctx carries a transaction and is of another
// piece of work than what the goroutine has inherited, or that is nothing.
//
// Where it is not certain that there is no transaction, since somebody else's profiler
// labels may have taken it away, see [ctxvar.MayBeLost], and ctx carries no variables
// that say so, the methods return a [*TxError] with [ctxvar.ErrMayBeLost].
//
// In a transaction that several goroutines share, a statement waits for that of another
// one to end, until ctx ends, and then returns a [*TxError] with [ErrShared]. One has
// ended when its rows are closed or read to the end, its row is scanned, or its batch is
// closed, and all that is for the goroutine that asked for them to do.
func Conn(pool *pgxpool.Pool) Querier { return conn{pool} }

type conn struct{ pool *pgxpool.Pool }

// now returns what runs the statements of the running goroutine.
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

// Tx returns the transaction of pool that the running goroutine is in, for what takes a
// [pgx.Tx], or a [*TxError], with [ErrNoTx] if it is in none. It is also how a function
// insists on being called in a transaction. InTx ends the transaction; to commit it, or
// to roll it back, is not for others. Statements that are run on it directly wait for
// those of no other goroutine, so where several share the transaction use [Conn].
func Tx(ctx context.Context, pool *pgxpool.Pool) (pgx.Tx, error) {
	tx, err := adapter.Need(ctx, pool, "Tx")
	if err != nil {
		return nil, err
	}
	return tx.(*transaction).tx, nil
}
