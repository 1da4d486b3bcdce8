package ctxtx

import "errors"

// What an [*Error] is about, for [errors.Is].
var (
	// ErrNoTx is returned by what needs a transaction, where there is none.
	ErrNoTx = errors.New("there is no transaction of this database here")
	// ErrTxEnded is returned for a transaction, or a savepoint, whose InTx has ended.
	ErrTxEnded = errors.New("the transaction has ended")
	// ErrOtherGoroutine is returned in a goroutine that has inherited a transaction and has
	// not said that it shares it.
	ErrOtherGoroutine = errors.New("the transaction belongs to another goroutine")
	// ErrShared is returned for what can't be done while several goroutines share a
	// transaction.
	ErrShared = errors.New("other goroutines share the transaction")
	// ErrRollbackOnly is returned by InTx in place of committing, where a part of the
	// transaction has failed and its error has gone no further. If that part is a savepoint
	// that the database could not undo, everything that would use the transaction meanwhile
	// returns it too.
	ErrRollbackOnly = errors.New("the transaction can only be rolled back, since a part of it failed")
	// ErrLost is returned by InTx, which has rolled back then, if the transaction was not
	// the goroutine's current one any more when the function returned, so that statements
	// may have run outside of it.
	ErrLost = errors.New("the transaction was taken off the goroutine before its end")
	// ErrIsolation is returned by a nested InTx that asks for another isolation level than
	// its transaction was begun with.
	ErrIsolation = errors.New("the transaction was begun with another isolation level")
)

// An Error tells that the current transaction can't be used, or can't be committed, in
// the way that was asked for.
type Error struct {
	Adapter string // the name of the package whose transaction it is: ctxsql, ctxpgx, ...
	Op      string // what was called: InTx, Share, Exec, ...
	Err     error  // ErrNoTx, ErrTxEnded, ..., or ctxvar.ErrMayBeLost
	Cause   error  // with ErrRollbackOnly, what failed; with ErrShared, why ctx has ended, or nil
	Begun   string // the file and line of the InTx that began the transaction

	todo  string // what the caller can do about it
	ended error  // see New
}

// refuse returns e as the adapter's error.
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

// Unwrap returns e.Err, e.Cause if there is one, and with [ErrTxEnded] what the driver
// says of a transaction that is over, see [New].
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
