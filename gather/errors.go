package gather

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/heirloom-go/heirloom/task"
)

var (
	// ErrNotStarted is the error of a job that never ran, because the call was
	// cancelled first. The error of the context and its cause are wrapped beside
	// it, so that errors.Is finds [context.Canceled] and the caller's own too.
	ErrNotStarted = errors.New("gather: not started")

	// ErrNoJobs is what [Race] and [Any] return when they are given no function,
	// since there is then no first one to tell of.
	ErrNoJobs = errors.New("gather: no functions, so none can be the first")
)

// JobError says which job failed, and wraps what it failed with: the error its
// function returned, a [*task.PanicError] if it panicked, [task.ErrGoexit] if
// it called [runtime.Goexit].
type JobError struct {
	// Index is the job's place, from 0: among the functions or the items of the
	// call, in what a [Stream]'s input gave, or in the order of the calls of
	// [GroupOf.Go].
	Index int

	// Name is what the option [Name] calls the job, and empty without it.
	Name string

	// Err is what the job failed with. It is never nil.
	Err error
}

// Error names the job and says what it failed with.
func (e *JobError) Error() string { return "gather: " + e.text() }

func (e *JobError) text() string {
	if e.Name == "" {
		return "job " + strconv.Itoa(e.Index) + ": " + text(e.Err)
	}
	return "job " + strconv.Itoa(e.Index) + " (" + e.Name + "): " + text(e.Err)
}

// call gives e the name that name returns. What else name does is told beside
// what the job failed with.
func (e *JobError) call(name func() string) {
	task.Func[string](func(context.Context) (string, error) {
		return name(), nil
	}).Call(context.Background(), func(name string, err error) {
		e.Name = name
		if err != nil {
			e.Err = fmt.Errorf("%w; naming the job: %w", e.Err, err)
		}
	})
}

// Unwrap returns what the job failed with.
func (e *JobError) Unwrap() error { return e.Err }

// text returns what err says. Package fmt survives what err.Error may do, which
// panics in a nil pointer that is an error.
func text(err error) string { return fmt.Sprint(err) }

// Errors is the error of a call in which several jobs may have failed, under
// the policies [CollectAll] and [StopAfter] and in [Any]: one [JobError] for
// each that did, in the order of their indexes. errors.Is and errors.As look
// through all of them.
type Errors []*JobError

// textErrors bounds how many of the errors Error spells out, so that a log line
// stays a line when ten thousand jobs failed.
const textErrors = 10

// Error counts the jobs that failed, and says of the first ten what they failed
// with.
func (e Errors) Error() string {
	var b strings.Builder
	if len(e) == 1 {
		b.WriteString("gather: 1 job failed: ")
	} else {
		fmt.Fprintf(&b, "gather: %d jobs failed: ", len(e))
	}
	for i, err := range e {
		if i == textErrors {
			fmt.Fprintf(&b, "; and %d more", len(e)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.text())
	}
	return b.String()
}

// Unwrap returns the errors of the jobs.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}

// UsageError is what the functions of this package panic with when the program
// calls them in a way that can never work: a nil function, a negative limit.
type UsageError struct {
	// Func is the function or option that was called.
	Func string

	// Problem says what is wrong with the call, and what would be right.
	Problem string

	// Err is a more general error to match with errors.Is, as
	// [task.ErrNilFunc], or nil.
	Err error
}

// Error says which call is wrong, and why.
func (e *UsageError) Error() string { return "gather." + e.Func + ": " + e.Problem }

// Unwrap returns Err.
func (e *UsageError) Unwrap() error { return e.Err }

// A notStartedError is an [ErrNotStarted]. It is that by saying so, and wraps only
// what says that its ctx ended: a job that returns such an error of a call of its
// own, because the call was cancelled with it, has not failed but given up.
type notStartedError struct {
	jobs       string // which, or ""
	err, cause error  // those of the ctx
}

func (e *notStartedError) Error() string {
	return ErrNotStarted.Error() + ": " + e.jobs + text(e.cause)
}
func (e *notStartedError) Is(target error) bool { return target == ErrNotStarted }
func (e *notStartedError) Unwrap() []error      { return []error{e.err, e.cause} }

// notStarted is the error of the jobs that ctx, which is done, kept from
// starting.
func notStarted(ctx context.Context) error { return newNotStarted("", ctx) }

func newNotStarted(jobs string, ctx context.Context) error {
	return &notStartedError{jobs: jobs, err: ctx.Err(), cause: causeOf(ctx)}
}

// causeOf returns why ctx, which is done, is.
func causeOf(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return ctx.Err() // ctx is of a type of somebody's own
}
