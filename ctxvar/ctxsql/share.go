package ctxsql

import (
	"context"
	"database/sql"
)

// Share calls fn in the transaction of db that the running goroutine has
// inherited, or that ctx carries, and returns fn's result. It is how a
// goroutine says that it takes part in a transaction that another one began:
//
//	err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
//		return gather.Each(ctx, orders, func(ctx context.Context, o Order) error {
//			return ctxsql.Share(ctx, db, func(ctx context.Context) error { return save(ctx, o) })
//		})
//	})
//
// A transaction has one connection, so its goroutines' statements run one at a
// time. Most drivers refuse a statement while the rows of another one are not
// read to the end or closed, and some give up the connection then. Goroutines
// that read rows need a lock of their own around it, or better don't share.
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
func Share(ctx context.Context, db *sql.DB, fn func(ctx context.Context) error) error {
	return adapter.Share(ctx, db, fn)
}
