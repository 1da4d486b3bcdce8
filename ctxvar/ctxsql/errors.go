package ctxsql

import "github.com/heirloom-go/heirloom/ctxvar/ctxtx"

// What a [*TxError] is about, for [errors.Is]. They are those of [ctxtx], and the same as
// package ctxpgx has.
var (
	// ErrNoTx is returned by what needs a transaction, where there is none.
	ErrNoTx = ctxtx.ErrNoTx
	// ErrTxEnded is returned for a transaction, or a savepoint, whose InTx has
	// ended. Such an error is [sql.ErrTxDone] too.
	ErrTxEnded = ctxtx.ErrTxEnded
	// ErrOtherGoroutine is returned in a goroutine that has inherited a
	// transaction and has not said that it shares it.
	ErrOtherGoroutine = ctxtx.ErrOtherGoroutine
	// ErrShared is returned for what can't be done while several goroutines
	// share a transaction.
	ErrShared = ctxtx.ErrShared
	// ErrRollbackOnly is returned by InTx in place of committing, where a part of
	// the transaction has failed and its error has gone no further. If that part
	// is a savepoint that the database could not undo, everything that would use
	// the transaction meanwhile returns it too.
	ErrRollbackOnly = ctxtx.ErrRollbackOnly
	// ErrLost is returned by InTx, which has rolled back then, if the transaction was not
	// the goroutine's current one any more when the function returned, so that statements
	// may have run outside of it.
	ErrLost = ctxtx.ErrLost
	// ErrIsolation is returned by a nested InTx that asks for another isolation
	// level than its transaction was begun with.
	ErrIsolation = ctxtx.ErrIsolation
)

// A TxError tells that the current transaction can't be used, or can't be committed, in
// the way that was asked for. It is a [ctxtx.Error], whose Adapter is "ctxsql" here; Err
// is one of the variables above, or [ctxvar.ErrMayBeLost].
type TxError = ctxtx.Error
