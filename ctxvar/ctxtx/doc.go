// Package ctxtx is what an adapter for a database driver is made from: it makes the
// current transaction a variable, so that code takes part in the transaction it is called
// in, with no parameter for it. Package ctxsql is such an adapter, of [database/sql], and
// [ctxpgx] is one of pgx's own pool. Those who use one of them need nothing from here.
//
// # What an adapter does
//
// It keeps an [Adapter] at package level, tells it with a [Tx] how a transaction of the
// driver is committed and rolled back, and has functions of its own that call the
// Adapter's methods with the driver's types:
//
//	var adapter = ctxtx.New("ctxkv", kv.ErrTxDone)
//
//	func InTx(ctx context.Context, db *kv.DB, fn func(context.Context) error, options ...ctxtx.Option) error {
//		return adapter.InTx(ctx, db, "", func(ctx context.Context) (ctxtx.Tx, error) { … }, fn, options...)
//	}
//
//	func Share(ctx context.Context, db *kv.DB, fn func(context.Context) error) error {
//		return adapter.Share(ctx, db, fn)
//	}
//
// Whatever runs statements asks for the transaction at each call, and never keeps it:
//
//	tx, err := adapter.Use(ctx, db, "Put")
//	switch {
//	case err != nil:
//		return err // and nothing is run
//	case tx == nil:
//		return db.Put(key, value) // outside of any transaction
//	}
//	return tx.(*transaction).Put(key, value)
//
// All else is the same for every driver: nested transactions, savepoints, retries, what is
// left to do after committing, and which goroutines may use the transaction.
//
// # Whose the transaction is
//
// The goroutine that called InTx may use the transaction until its function returns.
// Goroutines that it starts inherit the variable, and are refused with [ErrOtherGoroutine],
// and after the end with [ErrTxEnded], so that no statement runs outside of the
// transaction it was meant for. They take part with [Adapter.Share], have one of their own
// with [Autonomous], or are started with [ctxvar.Detach].
//
// A ctx that InTx has given carries the transaction. It counts in a goroutine that has
// inherited none, and in one that has inherited that of another piece of work: see
// [ctxvar.Effective].
//
// A driver whose connection is not safe for several goroutines needs a [Gate] in each
// transaction.
//
// [ctxpgx]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxpgx
package ctxtx
