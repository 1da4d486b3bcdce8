package remote

import (
	"context"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// A Progress is a report of a running job to its caller. If a job was given to
// several workers, Delivery distinguishes their reports.
type Progress struct {
	Func     string
	Job      string // the job's ID
	Delivery int
	Data     []byte // the argument of Report
}

// onProgress holds the function that receives reports, in the calling
// goroutine.
var onProgress = ctxvar.New[func(Progress)]("remote.progress")

// OnProgress sets the function that receives the reports of jobs called from
// now on by this goroutine and those that it starts. For one job, f is called
// with one report after the other, in order, and for the last time before the
// call returns. For several jobs, it may be called by several goroutines at the
// same time.
//
//	defer remote.OnProgress(show).Reset()
func OnProgress(f func(Progress)) *ctxvar.Token[func(Progress)] { return onProgress.Set(f) }

// running holds the job for which the goroutine works.
var running = ctxvar.New[*Attempt]("remote.job")

// Report sends p to the function that the caller of the running job has set
// with [OnProgress]. Reports arrive in order and before the outcome. Report
// blocks while the engine is behind, until p is on its way. In a goroutine that
// works for no job, Report does nothing, so a function may be called without an
// engine.
//
// A report that cannot be sent is lost. This does not affect the outcome, which
// the worker tries to send again.
func Report(p []byte) {
	if a := running.Get(); a != nil && a.Report != nil {
		_ = a.Report(p)
	}
}

// Delivery returns how many workers have been given the running job, including
// this one: 1 unless a worker was lost. In a goroutine that works for no job,
// it returns 0.
func Delivery() int {
	if a := running.Get(); a != nil {
		return a.Delivery
	}
	return 0
}

// A progressFailure is the first panic of the function given to [OnProgress],
// in one call.
type progressFailure struct {
	mu       sync.Mutex
	panicked error
}

// protect returns f with the variables of the calling goroutine, because
// engines call it in goroutines of their own.
func (p *progressFailure) protect(ctx context.Context, f func(Progress)) func(Progress) {
	vars := ctxvar.Copy()
	return func(progress Progress) {
		if p.err() != nil {
			return
		}
		vars.Copy().Run(func() {
			task.Func[struct{}](func(context.Context) (struct{}, error) {
				f(progress)
				return struct{}{}, nil
			}).Call(ctx, func(_ struct{}, err error) {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.panicked = err
			})
		})
	}
}

func (p *progressFailure) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.panicked
}
