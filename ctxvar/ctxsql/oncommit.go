package ctxsql

import (
	"context"
	"database/sql"
)

// OnCommit has fn called once the transaction of db that the running goroutine
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
func OnCommit(ctx context.Context, db *sql.DB, fn func(ctx context.Context)) error {
	return adapter.OnCommit(ctx, db, fn)
}
