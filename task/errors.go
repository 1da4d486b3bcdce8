package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

// The errors that an [*Error] may wrap; test for them with errors.Is.
var (
	// ErrNotDone is the error of asking for a result before the task has ended.
	ErrNotDone = errors.New("not done yet; Await it")

	// ErrDeadlock is the error of a wait that would never end, because what the
	// task waits for waits for the task. The [*Error] around it names the
	// tasks. The package documentation says which cycles are found.
	ErrDeadlock = errors.New("deadlock: tasks wait for each other")

	// ErrNotStarted is the error of using a Task that no function of this
	// package made.
	ErrNotStarted = errors.New("it was never started; use task.Go")

	// ErrEnded is the error of a task that was never run, because it was
	// started in a Group or a Run that had ended. It is also the cause with
	// which the ctx of a task, a Group or a Run is cancelled when that has
	// ended.
	ErrEnded = errors.New("it has ended")

	// ErrCanceling is the error of a task that was never run, because it was
	// started in a Group or a Run that was being cancelled.
	ErrCanceling = errors.New("it is being cancelled")

	// ErrGoexit is the error of a task whose function did not return but called
	// [runtime.Goexit], as the FailNow and SkipNow methods of a test do.
	ErrGoexit = errors.New("the function called runtime.Goexit, as t.FailNow does, and never returned")

	// ErrNotReady is the error of [Serve] if the task ended without an error
	// before it was ready.
	ErrNotReady = errors.New("it ended before it was ready")

	// ErrRunEnded is the cause with which [Run] cancels the tasks that still
	// run when its main function has ended.
	ErrRunEnded = errors.New("task: Run's main function has ended")

	// ErrNilFunc is the panic value of passing a nil function.
	ErrNilFunc = errors.New("task: nil function; pass the function that is to be called")

	// ErrNilContext is the panic value of passing a nil context, whether to start
	// a task, a Group or a Run, or to wait.
	ErrNilContext = errors.New("task: nil ctx; pass context.Background() if there is none")
)

// checkCtx panics if ctx is nil: at once, not only if it turns out to be needed.
func checkCtx(ctx context.Context) {
	if ctx == nil {
		panic(ErrNilContext)
	}
}

// text returns the text of err. fmt.Sprint recovers if err.Error panics, as it
// does if err is a nil pointer.
func text(err error) string { return fmt.Sprint(err) }

// Error is the error of an operation on a task, as opposed to the failure of
// the task's own function. Err is one of the Err variables of this package, or
// the error that ended a wait.
type Error struct {
	Op   string // "start", "run", "await", "complete" or "result"
	Task string // the name of the task
	Err  error
}

// Error returns the operation, the name of the task, and the text of Err.
func (e *Error) Error() string { return fmt.Sprintf("task: %s %q: %v", e.Op, e.Task, e.Err) }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// CanceledError is the error of a task, a [Group] or a [Run] that ended because
// it was cancelled. For errors.Is and errors.As it is both its cause and the
// ctx's error, which is [context.Canceled], or [context.DeadlineExceeded] if an
// enclosing deadline passed. It mirrors asyncio.CancelledError.
type CanceledError struct {
	Task  string // the name of what was cancelled
	Cause error  // the argument of Cancel, or context.Cause of the ctx
	Err   error  // what the function returned, or the ctx's error

	ctxErr error // the ctx's error; nil in one that is made elsewhere
}

// Error returns the name of what was cancelled and the cause.
func (e *CanceledError) Error() string {
	return fmt.Sprintf("task: %q was cancelled: %v", e.Task, e.Cause)
}

// Unwrap returns Err and Cause, if they are not nil.
func (e *CanceledError) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Err, e.Cause}, func(err error) bool { return err == nil })
}

// Is reports whether target is the ctx's error, even if the function returned
// something else.
func (e *CanceledError) Is(target error) bool {
	switch {
	case e.ctxErr != nil:
		return target == e.ctxErr
	case e.Err == context.DeadlineExceeded:
		return target == e.Err
	default:
		return target == context.Canceled
	}
}

// TimeoutError is the error of a function that ran into its own time limit: the
// [Timeout] option of a task or a Group, [Within], or [WaitFor], or the Timeout
// of a job of package gather. A function that ends because of a limit set
// further out ends with a [*CanceledError] instead, whose cause is the
// TimeoutError of that limit. For errors.Is, a TimeoutError is
// [context.DeadlineExceeded]. It mirrors Python's TimeoutError.
type TimeoutError struct {
	Task  string        // the name of what ran out of time, or "" if it has none
	After time.Duration // the limit
	Err   error         // what the function returned after the limit, or nil if that is not known
}

// Error returns the name, the limit, and the text of Err if it says more than
// the limit.
func (e *TimeoutError) Error() string {
	limit := fmt.Sprintf("timed out after %v", e.After)
	if e.Task != "" {
		limit = fmt.Sprintf("task: %q %s", e.Task, limit)
	}
	if e.Err == nil || e.Err == context.DeadlineExceeded {
		return limit
	}
	return limit + ": " + text(e.Err)
}

// Unwrap returns Err.
func (e *TimeoutError) Unwrap() error { return e.Err }

// Is reports whether target is [context.DeadlineExceeded].
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout returns true. It is part of the interface net.Error.
func (e *TimeoutError) Timeout() bool { return true }

// with returns a copy of e for a function that returned err after the limit. The copy
// leaves err out if that says only that the time was over.
func (e *TimeoutError) with(err error) *TimeoutError {
	if err == context.Canceled || err == context.DeadlineExceeded || err == error(e) {
		err = nil
	}
	return &TimeoutError{Task: e.Task, After: e.After, Err: err}
}

// interruption is the error of a wait that its own ctx ended.
type interruption struct{ err, cause error }

// interruptedBy returns the reason why ctx is done.
func interruptedBy(ctx context.Context) error {
	return interrupted(verdict.ErrOf(ctx), context.Cause(ctx))
}

// interrupted returns an error that is both err and cause. It calls no method of
// either, because they may be the user's code.
func interrupted(err, cause error) error {
	if _, ok := cause.(*TimeoutError); cause == nil || ok && err == context.DeadlineExceeded {
		return cmp.Or(cause, err)
	}
	if verdict.Same(err, cause) {
		return cause
	}
	return &interruption{err, cause}
}

// A prefixed error is err with the text of another error before its own. It does not wrap
// that other error.
type prefixed struct{ prefix, err error }

func (p *prefixed) Error() string { return text(p.prefix) + ": " + text(p.err) }
func (p *prefixed) Unwrap() error { return p.err }

func (c *interruption) Error() string   { return text(c.err) + ": " + text(c.cause) }
func (c *interruption) Unwrap() []error { return []error{c.err, c.cause} }
