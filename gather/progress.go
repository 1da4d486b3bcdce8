package gather

import (
	"context"
	"runtime"

	"github.com/heirloom-go/heirloom/task"
)

// Counts is the progress of a call.
type Counts struct {
	// Done is the number of jobs that have ended, whether they succeeded or
	// failed.
	Done int

	// Failed is the number of those that ended with an error. It includes those
	// that gave up because they were cancelled.
	Failed int

	// Total is the number of jobs. In a [Stream] it is unknown, and Total is
	// -1.
	Total int
}

// Progress calls f each time a job has ended, with the number of jobs that have
// ended, the number of those that ended with an error, and the total.
//
// The calls do not overlap, Done counts up from 1, and all calls come before
// the call that runs the jobs returns. They are made by different goroutines.
// The job's worker waits for f, so a slow f slows the jobs down. f runs with
// the caller's variables. If f panics, it is not called again, the jobs are
// cancelled, and once they have ended, the panic continues in the caller, as a
// [*task.PanicError].
//
// Progress panics with a [*UsageError] if f is nil.
func Progress(f func(Counts)) Option {
	if f == nil {
		panic(&UsageError{Func: "gather.Progress", Problem: "nil function; pass one that shows the progress"})
	}
	return option(func(c *config) { c.progress = f })
}

// A reporter calls the function of [Progress] for one call.
type reporter struct {
	report func(Counts)

	// turn holds one value. The goroutine that has taken it out may call report
	// and owns the fields below. It is a channel rather than a mutex because
	// report may block for long, and a goroutine that waits for a mutex keeps
	// the clock of a testing/synctest bubble from advancing.
	turn   chan struct{}
	counts Counts
	broken error // how report ended, if it did not return
}

func newReporter(report func(Counts), total int) *reporter {
	if report == nil {
		return nil
	}
	return &reporter{report: report, turn: make(chan struct{}, 1), counts: Counts{Total: total}}
}

// notify counts a job that ended with err, and reports it. If report does not
// return, the jobs are cancelled.
func (r *reporter) notify(err error, jobs *jobContext) {
	if r == nil {
		return
	}
	r.turn <- struct{}{}
	r.counts.Done++
	if err != nil {
		r.counts.Failed++
	}
	if r.broken != nil {
		<-r.turn
		return
	}
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		r.report(r.counts)
		return struct{}{}, nil
	}).Call(context.Background(), func(_ struct{}, err error) {
		if err != nil {
			r.broken = err
			jobs.cancel(err)
		}
		<-r.turn
	})
}

// rethrow ends the calling goroutine the way report ended, if report did not
// return. All jobs have ended; err is the error that the call, whose ctx is
// given, cannot return in that case.
func (r *reporter) rethrow(ctx context.Context, err error) {
	if r == nil || r.broken == nil {
		return
	}
	if err != nil && err != task.ErrGoexit {
		task.Report(ctx, err)
	}
	goOn(r.broken)
}

// how returns how report ended, if it did not return.
func (r *reporter) how() error {
	if r == nil {
		return nil
	}
	return r.broken
}

// goOn ends the calling goroutine the way a function of the user's ended in
// another goroutine: how is what [task.Func.Call] passes for a function that
// did not return. A panic with an error that wraps ErrGoexit is a panic.
func goOn(how error) {
	if how == task.ErrGoexit {
		runtime.Goexit()
	}
	panic(how)
}
