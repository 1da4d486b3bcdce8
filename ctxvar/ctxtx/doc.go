// Package ctxtx is for writing adapters for database drivers. An adapter makes
// the current transaction a variable, so that code takes part in the
// transaction in which it is called, without a parameter for it. Package ctxsql
// is such an adapter, for [database/sql], and [ctxpgx] is one for pgx's own
// pool. Their users need nothing from this package.
//
// # What an adapter does
//
// An adapter keeps an [Adapter] at package level, and describes with a [Tx] how
// the driver commits and rolls back a transaction. It has functions of its own
// that call the Adapter's methods with the driver's types:
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
// Code that runs statements asks for the transaction at each call, and never
// keeps it:
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
// Everything else is the same for every driver: nested transactions,
// savepoints, retries, functions to be called after committing, and which
// goroutines may use the transaction.
//
// # Which goroutines may use a transaction
//
// The goroutine that called InTx may use the transaction until its function
// returns. Goroutines that it starts inherit the variable, but get
// [ErrOtherGoroutine], and after the end [ErrTxEnded], so no statement runs
// outside of its transaction. They can take part with [Adapter.Share], begin a
// transaction of their own with [Autonomous], or be started within
// [ctxvar.Detach].
//
// A ctx from InTx carries the transaction. It applies in a goroutine that has
// inherited none, and in one whose inherited transaction belongs to another
// work (see [ctxvar.Effective]).
//
// A driver whose connections are not safe for concurrent use needs a [Gate] in
// each transaction.
//
// [ctxpgx]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxpgx
package ctxtx
