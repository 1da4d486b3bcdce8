package remote

import (
	"context"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// A Progress is a report of a running job to its caller. The reports of a job that
// was given to several workers tell those apart by Delivery.
type Progress struct {
	Func     string
	Job      string // the job's ID
	Delivery int
	Data     []byte // what Report was given
}

// onProgress is who is told, in the goroutine that calls.
var onProgress = ctxvar.New[func(Progress)]("remote.progress")

// OnProgress sets what is called with the reports of the jobs that this goroutine
// calls from now on, and those that it starts call. For one job it is called with
// one report after another, in their order, and for the last time before the call
// returns; for several jobs by several goroutines at the same time.
//
//	defer remote.OnProgress(show).Reset()
func OnProgress(f func(Progress)) *ctxvar.Token[func(Progress)] { return onProgress.Set(f) }

// running is the job that the goroutine works for.
var running = ctxvar.New[*Attempt]("remote.job")

// Report sends p to who the caller of the running job has set with [OnProgress].
// Reports arrive in order and before the outcome. It blocks while the engine is
// behind, and until p is on its way. In a goroutine that works for no job it does nothing, so
// that a function may be called without an engine.
//
// A report that can't be sent is lost. That does not concern the outcome, for
// which the worker tries again.
func Report(p []byte) {
	if a := running.Get(); a != nil && a.Report != nil {
		_ = a.Report(p)
	}
}

// Delivery returns how many workers have been given the running job, this one
// included: 1 unless one was lost. It returns 0 in a goroutine that works for no
// job.
func Delivery() int {
	if a := running.Get(); a != nil {
		return a.Delivery
	}
	return 0
}

// A progressFailure is the first panic of what [OnProgress] was given, in one call.
type progressFailure struct {
	mu       sync.Mutex
	panicked error
}

// protect returns f with the variables of the calling goroutine, which engines call
// in goroutines of their own.
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
