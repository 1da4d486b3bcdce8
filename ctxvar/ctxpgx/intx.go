package ctxpgx

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/heirloom-go/heirloom/ctxvar/ctxtx"
)

// InTx calls fn in a transaction of pool. In fn, and in everything that it
// calls, [Conn] uses this transaction. If fn returns nil, InTx commits and
// returns the error of committing, if any. If fn returns an error, InTx rolls
// back and returns that error, which it wraps only if rolling back fails too.
// If fn panics or calls [runtime.Goexit], InTx rolls back, and the panic or
// Goexit continues.
//
// The transaction is begun with ctx and opts, which may be nil. If ctx has
// ended when fn returns nil, InTx rolls back and returns ctx.Err(), wrapped. If
// ctx ends while the server commits, pgx closes the connection, and it is
// unknown whether the transaction was committed. A rollback continues after the
// end of ctx, for up to 5 seconds; if the server has not answered by then, the
// connection is closed. fn is called with a ctx that descends from ctx and
// carries the transaction (see ctxvar.NewContext). Variables that fn sets are
// still set when InTx returns.
//
// Within fn, another InTx of the same pool joins the transaction: it is
// committed or rolled back with it. If a joining function fails, the whole
// transaction fails: even if the outermost function does not return that error,
// its InTx rolls back, and returns [ErrRollbackOnly]. The options [Savepoint]
// and [Autonomous] change what the inner InTx does. Of the opts of a joining
// InTx, only the isolation level matters: if it is not the transaction's, InTx
// returns [ErrIsolation]. Transactions of two pools are independent.
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
func InTx(ctx context.Context, pool *pgxpool.Pool, opts *pgx.TxOptions, fn func(ctx context.Context) error, options ...Option) error {
	isolation := ""
	if opts != nil {
		isolation = string(opts.IsoLevel)
	}
	return adapter.InTx(ctx, pool, isolation, func(ctx context.Context) (ctxtx.Tx, error) {
		return begin(ctx, pool, opts)
	}, fn, options...)
}

// OnCommit arranges for fn to be called after the transaction of pool in which
// the running goroutine is has been committed. If the transaction, or the
// savepoint in which OnCommit was called, is rolled back, fn is not called.
// OnCommit is for actions that must not happen without the transaction and
// cannot be undone with it, such as sending a message or dropping a cache
// entry. Without a transaction, OnCommit calls fn at once.
//
// InTx calls the functions in order, after committing, before it returns, and
// outside of the transaction, with its own ctx and the variables of its
// goroutine. If one of them panics, the panic continues, the others are not
// called, and the transaction stays committed.
//
// The error is a [*TxError] in the same cases as for [Conn]'s methods.
func OnCommit(ctx context.Context, pool *pgxpool.Pool, fn func(ctx context.Context)) error {
	return adapter.OnCommit(ctx, pool, fn)
}

// Share calls fn in the transaction of pool that the running goroutine has
// inherited, or that ctx carries, and returns fn's result. With Share, a
// goroutine takes part in a transaction that another goroutine began:
//
//	err := ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
//		return gather.Each(ctx, orders, func(ctx context.Context, o Order) error {
//			return ctxpgx.Share(ctx, pool, func(ctx context.Context) error { return save(ctx, o) })
//		})
//	})
//
// A transaction has one connection, so its goroutines' statements run one at a
// time (see [Conn]). Rows that a goroutine has open make all others wait, so
// read them to the end before waiting for goroutines that share.
//
// As with an InTx that joins, the transaction cannot be committed if fn returns
// an error, panics or calls [runtime.Goexit]. The code that started the
// goroutine must wait for it: an InTx whose function returns while another
// goroutine is inside of Share rolls back and returns [ErrShared]. A savepoint
// cannot begin while others share the transaction, and Share cannot begin while
// a savepoint is open, unless the goroutine was started inside of it; both
// return ErrShared.
//
// If there is no transaction, Share returns [ErrNoTx], and if it has ended,
// [ErrTxEnded], without calling fn. In a goroutine that may use the transaction
// anyway, it only calls fn.
func Share(ctx context.Context, pool *pgxpool.Pool, fn func(ctx context.Context) error) error {
	return adapter.Share(ctx, pool, fn)
}
