package dbtx

import "errors"

// What a Refusal is about. The packages export them.
var (
	ErrNoTx           = errors.New("there is no transaction of this database here")
	ErrTxEnded        = errors.New("the transaction has ended")
	ErrOtherGoroutine = errors.New("the transaction belongs to another goroutine")
	ErrShared         = errors.New("other goroutines share the transaction")
	ErrRollbackOnly   = errors.New("the transaction can only be rolled back, since a part of it failed")
	ErrLost           = errors.New("the transaction was taken off the goroutine before its end")
	ErrIsolation      = errors.New("the transaction was begun with another isolation level")
)

// A Refusal tells that the current transaction can't be used, or can't be committed, in
// the way that was asked for. Each package makes a *TxError of it.
type Refusal struct {
	Op    string // what was called
	Err   error  // ErrNoTx, ..., or ctxvar.ErrMayBeLost
	Cause error  // with ErrRollbackOnly, what failed
	Begun string // the file and line of the InTx that began the transaction
	Todo  string // what the caller can do about it
}

// Text returns the text of the error that pkg makes of r.
func (r Refusal) Text(pkg string) string {
	text := pkg + ": " + r.Op + ": " + r.Err.Error()
	if r.Begun != "" {
		text += " (begun at " + r.Begun + ")"
	}
	if r.Todo != "" {
		text += ": " + r.Todo
	}
	if r.Cause != nil {
		text += ": " + r.Cause.Error()
	}
	return text
}

// Unwrap returns r.Err, r.Cause if there is one, and done, which is what the database's
// own package says of a transaction that is over, with ErrTxEnded.
func (r Refusal) Unwrap(done error) []error {
	errs := []error{r.Err}
	if r.Cause != nil {
		errs = append(errs, r.Cause)
	}
	if r.Err == ErrTxEnded {
		errs = append(errs, done)
	}
	return errs
}
