package ctxsql

import (
	"context"
	"database/sql"

	"github.com/heirloom-go/heirloom/ctxvar/ctxtx"
)

// InTx calls fn in a transaction of db, which is what [Conn] gives to fn and to
// all that it calls. If fn returns nil, InTx commits, and returns what that
// comes to. If fn returns an error, InTx rolls back and returns the error,
// wrapped only if rolling back fails as well. If fn panics or calls
// [runtime.Goexit], InTx rolls back, and the panic or Goexit goes on.
//
// The transaction is begun by [sql.DB.BeginTx] with ctx and opts, which may be
// nil. When ctx ends, database/sql rolls back, and InTx returns ctx.Err(), if
// fn returned nil, wrapped; a rollback that database/sql has begun may then
// take a moment more. fn is called with a ctx that descends from ctx and
// carries the transaction, see [ctxvar.NewContext]. Variables that fn sets are
// still set when InTx returns.
//
// In fn, or what it calls, another InTx of the same db joins the transaction:
// it is committed or rolled back with it. If a joining function fails, so does
// the whole: should its error not get as far as the outermost function's
// result, that InTx rolls back all the same and returns [ErrRollbackOnly]. The
// options [Savepoint] and [Autonomous] make the inner InTx something else. opts
// of one that joins matters only in that an isolation level other than the
// transaction's is refused, with [ErrIsolation]. Transactions of two databases
// don't know of each other.
//
// A goroutine that has inherited a transaction can't join it, see [Share], and
// an InTx in it returns a [*TxError], but for an Autonomous one.
//
// When fn returns, the transaction must still be the goroutine's current one. If something
// has taken it away, or put another in its place, statements may have run outside of it:
// InTx rolls back and returns a [*TxError] with [ErrLost]. Where it is not certain that
// there is no transaction to join, InTx returns one with [ctxvar.ErrMayBeLost], as
// [Conn]'s methods do.
//
// InTx may be called by any number of goroutines at the same time. It blocks
// for as long as the pool has no connection to give, fn takes, and the database
// takes to begin and to commit.
func InTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, fn func(ctx context.Context) error, options ...Option) error {
	isolation := ""
	if opts != nil && opts.Isolation != sql.LevelDefault {
		isolation = opts.Isolation.String()
	}
	return adapter.InTx(ctx, db, isolation, func(ctx context.Context) (ctxtx.Tx, error) {
		return begin(ctx, db, opts)
	}, fn, options...)
}
