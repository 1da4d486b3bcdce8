package ctxsql

import (
	"context"
	"database/sql"
)

// OnCommit arranges for fn to be called after the transaction of db in which
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
func OnCommit(ctx context.Context, db *sql.DB, fn func(ctx context.Context)) error {
	return adapter.OnCommit(ctx, db, fn)
}
