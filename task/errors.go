package task

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What an [*Error] can be about; compare with errors.Is.
var (
	// ErrNotDone is the error of a result asked for too early.
	ErrNotDone = errors.New("not done yet; Await it")

	// ErrDeadlock is the error of a task that waits for itself.
	ErrDeadlock = errors.New("a task cannot wait for itself")

	// ErrEnded is the error of a task that was started in a Group or a Run that
	// had ended, and so was never run. It is also the cause with which the ctx
	// of a task, a Group or a Run is cancelled once that has ended.
	ErrEnded = errors.New("it has ended")

	// ErrCanceling is the error of a task that was started in a Group or a Run
	// that was being cancelled, and so was never run.
	ErrCanceling = errors.New("it is being cancelled")

	// ErrGoexit is the error of a task whose function called [runtime.Goexit],
	// as the FailNow and SkipNow methods of a test do, and so never returned.
	ErrGoexit = errors.New("the function called runtime.Goexit, as t.FailNow does, and never returned")

	// ErrRunEnded is the cause with which [Run] cancels the tasks that are
	// still running when its main function has ended.
	ErrRunEnded = errors.New("task: Run's main function has ended")

	// ErrNilFunc is what starting a nil function panics with.
	ErrNilFunc = errors.New("task: nil function; pass the function the task is to run")
)

// Error is the error of an operation on a task that is not the failure of the
// task's own function. Err says what is wrong: one of the Err variables of this
// package, or what ended the wait.
type Error struct {
	Op   string // "start", "run", "await" or "result"
	Task string // the name of the task
	Err  error
}

// Error says what was to be done with which task, and why it was not.
func (e *Error) Error() string { return fmt.Sprintf("task: %s %q: %v", e.Op, e.Task, e.Err) }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// CanceledError is the error of a task, a [Group] or a [Run] that ended because
// it was cancelled. It is both the ctx's error ([context.Canceled], or
// [context.DeadlineExceeded] if an enclosing deadline passed) and the cause,
// for errors.Is and errors.As. It mirrors asyncio.CancelledError.
type CanceledError struct {
	Task  string // the name of what was cancelled
	Cause error  // why: what Cancel was given, or context.Cause of the ctx
	Err   error  // what the function returned, or the ctx's error
}

// Error says what was cancelled and why.
func (e *CanceledError) Error() string {
	return fmt.Sprintf("task: %q was cancelled: %v", e.Task, e.Cause)
}

// Unwrap returns Err and Cause.
func (e *CanceledError) Unwrap() []error { return []error{e.Err, e.Cause} }

// TimeoutError is the error of what ran into its own time limit: the [Timeout]
// option of a task or a Group, [Within], or [WaitFor]. A limit further out is
// the business of whoever set it, and shows as a [*CanceledError] with that
// limit's TimeoutError as its cause. A job of package gather that runs into its
// Timeout has one too. It is [context.DeadlineExceeded] for errors.Is, and
// mirrors Python's TimeoutError.
type TimeoutError struct {
	Task  string        // the name of what ran out of time, or "" if it has none
	After time.Duration // the limit
	Err   error         // what the function returned when it noticed, or nil if that is not known
}

// Error says what had how much time, and what it returned if that says more.
func (e *TimeoutError) Error() string {
	text := fmt.Sprintf("timed out after %v", e.After)
	if e.Task != "" {
		text = fmt.Sprintf("task: %q %s", e.Task, text)
	}
	if e.Err == nil || e.Err == context.DeadlineExceeded {
		return text
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns what the function returned.
func (e *TimeoutError) Unwrap() error { return e.Err }

// Is reports whether target is [context.DeadlineExceeded].
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout reports true, for net.Error's sake.
func (e *TimeoutError) Timeout() bool { return true }

// interruption is the error of a wait that its own ctx ended.
type interruption struct{ err, cause error }

// interruptedBy returns why ctx, which is done, is.
func interruptedBy(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return &interruption{err, cause}
}

func (c *interruption) Error() string   { return c.err.Error() + ": " + c.cause.Error() }
func (c *interruption) Unwrap() []error { return []error{c.err, c.cause} }
