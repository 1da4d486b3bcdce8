package ctxsql

import (
	"database/sql"

	"github.com/heirloom-go/heirloom/internal/dbtx"
)

// What a [*TxError] is about, for [errors.Is].
var (
	// ErrNoTx is returned by what needs a transaction, where there is none.
	ErrNoTx = dbtx.ErrNoTx
	// ErrTxEnded is returned for a transaction, or a savepoint, whose InTx has
	// ended. Such an error is [sql.ErrTxDone] too.
	ErrTxEnded = dbtx.ErrTxEnded
	// ErrOtherGoroutine is returned in a goroutine that has inherited a
	// transaction and has not said that it shares it.
	ErrOtherGoroutine = dbtx.ErrOtherGoroutine
	// ErrShared is returned for what can't be done while several goroutines
	// share a transaction.
	ErrShared = dbtx.ErrShared
	// ErrRollbackOnly is returned by InTx in place of committing, where a part of
	// the transaction has failed and its error has gone no further. If that part
	// is a savepoint that the database could not undo, everything that would use
	// the transaction meanwhile returns it too.
	ErrRollbackOnly = dbtx.ErrRollbackOnly
	// ErrLost is returned by InTx, which has rolled back then, if the transaction was not
	// the goroutine's current one any more when the function returned, so that statements
	// may have run outside of it.
	ErrLost = dbtx.ErrLost
	// ErrIsolation is returned by a nested InTx that asks for another isolation
	// level than its transaction was begun with.
	ErrIsolation = dbtx.ErrIsolation
)

// A TxError tells that the current transaction can't be used, or can't be
// committed, in the way that was asked for.
type TxError struct {
	Op    string // what was called: InTx, Share, ExecContext, ...
	Err   error  // ErrNoTx, ErrTxEnded, ..., or ctxvar.ErrMayBeLost
	Cause error  // with ErrRollbackOnly, what failed
	Begun string // the file and line of the InTx that began the transaction

	todo string // what the caller can do about it
}

func (e *TxError) Error() string { return e.refusal().Text("ctxsql") }

// Unwrap returns e.Err, e.Cause if there is one, and [sql.ErrTxDone] with
// [ErrTxEnded].
func (e *TxError) Unwrap() []error { return e.refusal().Unwrap(sql.ErrTxDone) }

func (e *TxError) refusal() dbtx.Refusal {
	return dbtx.Refusal{Op: e.Op, Err: e.Err, Cause: e.Cause, Begun: e.Begun, Todo: e.todo}
}
