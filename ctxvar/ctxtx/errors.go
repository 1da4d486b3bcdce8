package ctxtx

import "errors"

// The faults that an [*Error] reports, for use with [errors.Is].
var (
	// ErrNoTx is returned by functions that need a transaction, if there is
	// none.
	ErrNoTx = errors.New("there is no transaction of this database here")
	// ErrTxEnded is returned for a transaction or a savepoint whose InTx has
	// ended.
	ErrTxEnded = errors.New("the transaction has ended")
	// ErrOtherGoroutine is returned in a goroutine that has inherited a
	// transaction and does not share it.
	ErrOtherGoroutine = errors.New("the transaction belongs to another goroutine")
	// ErrShared is returned by operations that are impossible while several
	// goroutines share a transaction.
	ErrShared = errors.New("other goroutines share the transaction")
	// ErrRollbackOnly is returned by InTx instead of committing if a part of
	// the transaction has failed and its error was not passed on. If that part
	// is a savepoint that the database could not undo, everything that would
	// use the transaction before its end returns the error too.
	ErrRollbackOnly = errors.New("the transaction can only be rolled back, since a part of it failed")
	// ErrLost is returned by InTx, after rolling back, if the transaction was
	// no longer the goroutine's current one when the function returned, so
	// statements may have run outside of it.
	ErrLost = errors.New("the transaction was taken off the goroutine before its end")
	// ErrIsolation is returned by a nested InTx that asks for an isolation
	// level other than that of its transaction.
	ErrIsolation = errors.New("the transaction was begun with another isolation level")
)

// An Error reports that the current transaction cannot be used or committed in
// the requested way.
type Error struct {
	Adapter string // the name of the package whose transaction it is: ctxsql, ctxpgx, ...
	Op      string // what was called: InTx, Share, Exec, ...
	Err     error  // ErrNoTx, ErrTxEnded, ..., or ctxvar.ErrMayBeLost
	Cause   error  // with ErrRollbackOnly, what failed; with ErrShared, why ctx has ended, or nil
	Begun   string // the file and line of the function that InTx was given for the transaction

	todo  string // what the caller can do about it
	ended error  // see New
}

// refuse returns e as an error of the adapter.
func (a *Adapter) refuse(e Error) error {
	e.Adapter, e.ended = a.name, a.ended
	return &e
}

func (e *Error) Error() string {
	text := e.Adapter + ": " + e.Op + ": " + e.Err.Error()
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

// Unwrap returns e.Err, e.Cause if there is one, and with [ErrTxEnded] the
// driver's error for a transaction that has ended, see [New].
func (e *Error) Unwrap() []error {
	errs := []error{e.Err}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	if e.Err == ErrTxEnded && e.ended != nil {
		errs = append(errs, e.ended)
	}
	return errs
}
