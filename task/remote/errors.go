package remote

import (
	"errors"
	"fmt"
	"strings"
)

// The errors that an [*Error] may wrap, besides those that the function
// returned; test for them with errors.Is.
var (
	// ErrLost is the error of a job whose workers were lost as often as its
	// [Deliveries] allow.
	ErrLost = errors.New("its workers were lost, as often as Deliveries allows; the job itself may be what kills them")

	// ErrTooLarge is the error of a call whose argument is too large for the
	// engine. It was not sent.
	ErrTooLarge = errors.New("too large for the engine; pass a key to where the data is")

	// ErrUnknownFunc is the error of a job that was given to a worker that does
	// not serve its function.
	ErrUnknownFunc = errors.New("the worker does not serve a function of this name")
)

// The causes that the ctx of a job can have, besides the cause of its caller.
var (
	// ErrCallerGone is the cause in a job whose caller is gone.
	ErrCallerGone = errors.New("remote: the caller is gone")

	// ErrLeaseLost is the cause in a job whose worker could not give a sign of
	// life for so long that another worker may have been given the job.
	ErrLeaseLost = errors.New("remote: no sign of life could be given for the length of the lease")

	// ErrDrained is the cause in a job that still ran after the time set by
	// [Drain].
	ErrDrained = errors.New("remote: the worker is stopping, and its time to drain is over")
)

// An Error is the error of a call. It wraps the error that the function
// returned, as far as that could cross, or the reason why the call has no
// result.
type Error struct {
	Func     string // the function's name
	Worker   string // the worker that ran it, "" if none is known
	Delivery int    // how many workers had been given the job, 0 if that is not known
	Err      error
}

// Error returns the names of the function and the worker, the delivery if it
// was not the first, and the text of Err.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("remote: " + e.Func)
	if e.Worker != "" {
		b.WriteString(" on " + e.Worker)
	}
	if e.Delivery > 1 {
		fmt.Fprintf(&b, " (delivery %d)", e.Delivery)
	}
	b.WriteString(": " + e.Err.Error())
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// A MisuseError is the panic value of the functions that declare something:
// [New], [Sentinel], [Type], [Carry], [Serve] and the options.
type MisuseError struct {
	Op      string // the function that was called
	Name    string // what it was to declare
	Problem string // and what to do
}

func (e *MisuseError) Error() string {
	if e.Name == "" {
		return "remote: " + e.Op + ": " + e.Problem
	}
	return fmt.Sprintf("remote: %s of %q: %s", e.Op, e.Name, e.Problem)
}
