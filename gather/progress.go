package gather

import (
	"context"
	"runtime"

	"github.com/heirloom-go/heirloom/internal/unheard"
	"github.com/heirloom-go/heirloom/task"
)

// Counts is how far a call has come.
type Counts struct {
	// Done is how many jobs have ended, whether they succeeded or failed.
	Done int

	// Failed is how many of them failed.
	Failed int

	// Total is how many jobs there are. In a [Stream] nobody knows: it is -1.
	Total int
}

// Progress calls f each time that a job has ended, with how many have by now,
// how many of these failed and how many jobs there are.
//
// The calls come one at a time, with Done counting up from 1, before the call
// that runs the jobs returns; the goroutine is a different one each time. The
// job's worker waits for f, so a slow f slows the jobs down. f sees the
// variables of the caller. If it panics, it is not called again, the jobs are
// cancelled, and the panic goes on in the caller, as a [*task.PanicError], once
// they have ended.
//
// Progress panics with a [*UsageError] if f is nil.
func Progress(f func(Counts)) Option {
	if f == nil {
		panic(&UsageError{Func: "Progress", Problem: "nil function; pass one that shows the progress"})
	}
	return option(func(c *config) { c.progress = f })
}

// A reporter calls the function of [Progress] for one call.
type reporter struct {
	report func(Counts)

	// turn holds the one value that the goroutine which may call report has
	// taken out, and guards the fields below. It is a channel and not a mutex
	// because report may block for long, and a goroutine that waits on a mutex
	// keeps the clock of a testing/synctest bubble from advancing.
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

// ended counts a job that ended with err, and reports it. If report does not
// return, the jobs are cancelled.
func (r *reporter) ended(err error, jobs *jobContext) {
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

// rethrow ends the calling goroutine the way report ended, if it did not
// return. All jobs have ended; err is what the call, whose ctx is given, will not
// get to return then.
func (r *reporter) rethrow(ctx context.Context, err error) {
	if r == nil || r.broken == nil {
		return
	}
	if err != nil && err != task.ErrGoexit {
		unheard.Report(ctx, err)
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

// goOn ends the calling goroutine the way a function of the user's ended that
// another one called: how is what [task.Func.Call] tells of a function that did
// not return. A panic with an error that wraps ErrGoexit is a panic.
func goOn(how error) {
	if how == task.ErrGoexit {
		runtime.Goexit()
	}
	panic(how)
}
