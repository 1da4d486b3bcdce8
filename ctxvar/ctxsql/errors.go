package ctxsql

import (
	"database/sql"
	"errors"
)

// What a [*TxError] is about, for [errors.Is].
var (
	// ErrNoTx is returned by what needs a transaction, where there is none.
	ErrNoTx = errors.New("there is no transaction of this database here")
	// ErrTxEnded is returned for a transaction, or a savepoint, whose InTx has
	// ended. Such an error is [sql.ErrTxDone] too.
	ErrTxEnded = errors.New("the transaction has ended")
	// ErrOtherGoroutine is returned in a goroutine that has inherited a
	// transaction and has not said that it shares it.
	ErrOtherGoroutine = errors.New("the transaction belongs to another goroutine")
	// ErrShared is returned for what can't be done while several goroutines
	// share a transaction.
	ErrShared = errors.New("other goroutines share the transaction")
	// ErrRollbackOnly is returned by InTx in place of committing, where a part of
	// the transaction has failed and its error has gone no further. If that part
	// is a savepoint that the database could not undo, everything that would use
	// the transaction meanwhile returns it too.
	ErrRollbackOnly = errors.New("the transaction can only be rolled back, since a part of it failed")
	// ErrLost is returned by InTx, which has rolled back then, if the transaction was not
	// the goroutine's current one any more when the function returned, so that statements
	// may have run outside of it.
	ErrLost = errors.New("the transaction was taken off the goroutine before its end")
	// ErrIsolation is returned by a nested InTx that asks for another isolation
	// level than its transaction was begun with.
	ErrIsolation = errors.New("the transaction was begun with another isolation level")
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

func (e *TxError) Error() string {
	text := "ctxsql: " + e.Op + ": " + e.Err.Error()
	if e.Begun != "" {
		text += " (begun at " + e.Begun + ")"
	}
	if e.todo != "" {
		text += ": " + e.todo
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns e.Err, e.Cause if there is one, and [sql.ErrTxDone] with
// [ErrTxEnded].
func (e *TxError) Unwrap() []error {
	errs := []error{e.Err}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	if e.Err == ErrTxEnded {
		errs = append(errs, sql.ErrTxDone)
	}
	return errs
}
