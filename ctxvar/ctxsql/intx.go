package ctxsql

import (
	"context"
	"database/sql"

	"github.com/heirloom-go/heirloom/ctxvar/ctxtx"
)

// InTx calls fn in a transaction of db. In fn, and in everything that it calls,
// [Conn] uses this transaction. If fn returns nil, InTx commits and returns the
// error of committing, if any. If fn returns an error, InTx rolls back and
// returns that error, which it wraps only if rolling back fails too. If fn
// panics or calls [runtime.Goexit], InTx rolls back, and the panic or Goexit
// continues.
//
// The transaction is begun by [sql.DB.BeginTx] with ctx and opts, which may be
// nil. When ctx ends, database/sql rolls back, and InTx returns ctx.Err(),
// wrapped, if fn returned nil; a rollback that database/sql has begun may then
// take a moment longer. fn is called with a ctx that descends from ctx and
// carries the transaction (see ctxvar.NewContext). Variables that fn sets are
// still set when InTx returns.
//
// Within fn, another InTx of the same db joins the transaction: it is committed
// or rolled back with it. If a joining function fails, the whole transaction
// fails: even if the outermost function does not return that error, its InTx
// rolls back, and returns [ErrRollbackOnly]. The options [Savepoint] and
// [Autonomous] change what the inner InTx does. Of the opts of a joining InTx,
// only the isolation level matters: if it is not the transaction's, InTx
// returns [ErrIsolation]. Transactions of two databases are independent.
//
// A goroutine that has inherited a transaction cannot join it (see [Share]): an
// InTx in it returns a [*TxError], unless it is Autonomous.
//
// When fn returns, the transaction must still be the goroutine's current one.
// If something has removed or replaced it, statements may have run outside of
// it: InTx rolls back and returns a [*TxError] with [ErrLost]. If it is
// uncertain whether there is a transaction to join, InTx returns one with
// ctxvar.ErrMayBeLost, like [Conn]'s methods.
//
// InTx may be called by any number of goroutines at the same time. It blocks
// until the pool has a connection, fn has returned, and the database has begun
// and committed the transaction.
func InTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, fn func(ctx context.Context) error, options ...Option) error {
	isolation := ""
	if opts != nil && opts.Isolation != sql.LevelDefault {
		isolation = opts.Isolation.String()
	}
	return adapter.InTx(ctx, db, isolation, func(ctx context.Context) (ctxtx.Tx, error) {
		return begin(ctx, db, opts)
	}, fn, options...)
}
