package ctxpgx

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/heirloom-go/heirloom/ctxvar/ctxtx"
)

// InTx calls fn in a transaction of pool, which is what [Conn] gives to fn and to
// all that it calls. If fn returns nil, InTx commits, and returns what that
// comes to. If fn returns an error, InTx rolls back and returns the error,
// wrapped only if rolling back fails as well. If fn panics or calls
// [runtime.Goexit], InTx rolls back, and the panic or Goexit goes on.
//
// The transaction is begun with ctx and opts, which may be nil. If ctx has ended when fn
// returns nil, InTx rolls back and returns ctx.Err(), wrapped. If it ends while the
// server commits, pgx closes the connection, and nobody knows whether the transaction
// was committed. A rollback goes on after the end of ctx, for up to 5 seconds; if the
// server has not answered then, the connection is closed. fn is called with a ctx that
// descends from ctx and carries the transaction, see [ctxvar.NewContext]. Variables that
// fn sets are still set when InTx returns.
//
// In fn, or what it calls, another InTx of the same pool joins the transaction:
// it is committed or rolled back with it. If a joining function fails, so does
// the whole: should its error not get as far as the outermost function's
// result, that InTx rolls back all the same and returns [ErrRollbackOnly]. The
// options [Savepoint] and [Autonomous] make the inner InTx something else. opts
// of one that joins matters only in that an isolation level other than the
// transaction's is refused, with [ErrIsolation]. Transactions of two pools don't know
// of each other.
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
func InTx(ctx context.Context, pool *pgxpool.Pool, opts *pgx.TxOptions, fn func(ctx context.Context) error, options ...Option) error {
	isolation := ""
	if opts != nil {
		isolation = string(opts.IsoLevel)
	}
	return adapter.InTx(ctx, pool, isolation, func(ctx context.Context) (ctxtx.Tx, error) {
		return begin(ctx, pool, opts)
	}, fn, options...)
}

// OnCommit has fn called once the transaction of pool that the running goroutine
// is in is committed, and not at all if it, or the savepoint that OnCommit was
// called in, is rolled back. It is for what must not happen without the
// transaction, and can't be undone with it: to send a message, to drop an entry
// of a cache. Where there is no transaction OnCommit calls fn at once.
//
// InTx calls the functions in order, after committing, before it returns, and
// outside of the transaction: with the ctx that it was given itself, and the
// variables of its goroutine. If one panics, the panic goes on, the rest are
// not called, and the transaction stays committed.
//
// The error is a [*TxError] where [Conn]'s methods return one.
func OnCommit(ctx context.Context, pool *pgxpool.Pool, fn func(ctx context.Context)) error {
	return adapter.OnCommit(ctx, pool, fn)
}

// Share calls fn in the transaction of pool that the running goroutine has
// inherited, or that ctx carries, and returns fn's result. It is how a
// goroutine says that it takes part in a transaction that another one began:
//
//	err := ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
//		return gather.Each(ctx, orders, func(ctx context.Context, o Order) error {
//			return ctxpgx.Share(ctx, pool, func(ctx context.Context) error { return save(ctx, o) })
//		})
//	})
//
// A transaction has one connection, so its goroutines' statements run one at a
// time, see [Conn]. Rows that a goroutine has open keep all others waiting: read them
// to the end before waiting for goroutines that share.
//
// As with an InTx that joins, the transaction can't be committed if fn returns
// an error, panics or calls [runtime.Goexit]. Who started the goroutine must
// wait for it: an InTx whose function returns while another goroutine is inside
// of Share rolls back and returns [ErrShared]. A savepoint can't begin while
// others share the transaction, nor can Share while a savepoint is open around
// which the goroutine was started; both return ErrShared.
//
// Share returns [ErrNoTx] if there is no transaction and [ErrTxEnded] if it is
// over, without calling fn. In a goroutine that may use the transaction anyway
// it calls fn and adds nothing.
func Share(ctx context.Context, pool *pgxpool.Pool, fn func(ctx context.Context) error) error {
	return adapter.Share(ctx, pool, fn)
}
