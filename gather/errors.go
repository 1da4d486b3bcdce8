package gather

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

var (
	// ErrNotStarted is the error of a job that never ran because the call was
	// cancelled first. It is wrapped together with the error and the cause of
	// the context, so errors.Is also finds [context.Canceled] and the caller's
	// cause.
	ErrNotStarted = errors.New("gather: not started")

	// ErrNoJobs is the error of [Race] and [Any] if they are given no
	// functions.
	ErrNoJobs = errors.New("gather: no functions, so none can be the first")
)

// JobError is the error of a job. It says which job failed, and wraps the error
// that the job's function returned, a [*task.PanicError] if the function
// panicked, or [task.ErrGoexit] if it called [runtime.Goexit].
type JobError struct {
	// Index is the index of the job, from 0: among the functions or the items
	// of the call, among the items that a [Stream] took from its input, or in
	// the order of the calls of [GroupOf.Go].
	Index int

	// Name is the name that the option [Name] gives the job, or "" without it.
	Name string

	// Err is the failure. It is never nil.
	Err error
}

// Error returns the name of the job and the text of Err.
func (e *JobError) Error() string { return "gather: " + e.text() }

func (e *JobError) text() string {
	if e.Name == "" {
		return "job " + strconv.Itoa(e.Index) + ": " + text(e.Err)
	}
	return "job " + strconv.Itoa(e.Index) + " (" + e.Name + "): " + text(e.Err)
}

// call gives e the name that name returns. If name does not return, its failure
// is added to e.
func (e *JobError) call(name func() string) {
	task.Func[string](func(context.Context) (string, error) {
		return name(), nil
	}).Call(context.Background(), func(name string, err error) {
		e.Name = name
		if err != nil {
			e.Err = verdict.Errorf("%w; naming the job: %w", e.Err, err)
		}
	})
}

// Unwrap returns Err.
func (e *JobError) Unwrap() error { return e.Err }

// text returns the text of err. fmt.Sprint recovers if err.Error panics, as it
// does if err is a nil pointer.
func text(err error) string { return fmt.Sprint(err) }

// Errors is the error of a call in which several jobs may have failed: one
// under the policy [CollectAll] or [StopAfter], or [Any]. It has a [JobError]
// for each job that failed, in the order of their indexes. errors.Is and
// errors.As look through all of them.
type Errors []*JobError

// textErrors bounds how many errors Error prints, so that it returns a single
// short line even when ten thousand jobs failed.
const textErrors = 10

// Error returns the number of jobs that failed and the texts of the first ten
// errors.
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

// UsageError is the panic value of the functions of this package when they are
// called in a way that can never work, such as with a nil function or a
// negative limit.
type UsageError = ctxvar.UsageError

// A notStartedError is an [ErrNotStarted]. Its Is method says so; it wraps only
// the errors that ended its ctx. So a job that returns the notStartedError of a
// call of its own, because that call was cancelled together with the job,
// counts as having given up, not as failed.
type notStartedError struct {
	jobs       string // which, or ""
	err, cause error  // those of the ctx
}

func (e *notStartedError) Error() string {
	return ErrNotStarted.Error() + ": " + e.jobs + text(e.cause)
}
func (e *notStartedError) Is(target error) bool { return target == ErrNotStarted }
func (e *notStartedError) Unwrap() []error      { return []error{e.err, e.cause} }

// notStarted returns the error of the jobs that did not start because ctx is
// done.
func notStarted(ctx context.Context) error { return newNotStarted("", ctx) }

func newNotStarted(jobs string, ctx context.Context) error {
	return &notStartedError{jobs: jobs, err: ctx.Err(), cause: causeOf(ctx)}
}

// causeOf returns the cause of ctx, which is done.
func causeOf(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return ctx.Err() // ctx is of the user's type
}
