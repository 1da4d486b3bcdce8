package ctxsql

import (
	"context"
	"database/sql"
)

// Share calls fn in the transaction of db that the running goroutine has
// inherited, or that ctx carries, and returns fn's result. With Share, a
// goroutine takes part in a transaction that another goroutine began:
//
//	err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
//		return gather.Each(ctx, orders, func(ctx context.Context, o Order) error {
//			return ctxsql.Share(ctx, db, func(ctx context.Context) error { return save(ctx, o) })
//		})
//	})
//
// A transaction has one connection, so its goroutines' statements run one at a
// time. Most drivers refuse a statement while the rows of another one are
// neither read to the end nor closed, and some then give up the connection.
// Goroutines that read rows need a lock of their own for this, or should not
// share.
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
func Share(ctx context.Context, db *sql.DB, fn func(ctx context.Context) error) error {
	return adapter.Share(ctx, db, fn)
}
