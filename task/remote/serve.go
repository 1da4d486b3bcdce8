package remote

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// Serve runs jobs of fns until ctx ends, or until the scope that ctx comes from
// accepts no more tasks (see [task.UntilEnding]). Then it takes no more jobs, and
// returns nil when the running ones have ended (see [Drain]). An error comes
// from the engine and says why Serve cannot go on.
//
// Each job is a task.Run of its own, in a goroutine of its own, with none of
// the worker's variables and with those of its caller that [Carry] named. When
// the job has ended, what it started is cancelled and waited for. The tree of
// tasks shows it under the function's name.
//
// Serve panics with a [*MisuseError] if fns is empty, or if two of them have
// the same name.
func Serve(ctx context.Context, e Engine, fns []Callable, opts ...ServeOption) error {
	if len(fns) == 0 {
		panic(&MisuseError{"Serve", "", "no function; pass those that this worker is to run"})
	}
	if e == nil {
		panic(&MisuseError{"Serve", "", "a nil Engine; pass the one that the callers have"})
	}
	if ctx == nil {
		panic(task.ErrNilContext)
	}
	options := serveOptions{concurrency: runtime.GOMAXPROCS(0)}
	for _, opt := range opts {
		if opt == nil {
			panic(&MisuseError{"Serve", "", "a nil option; leave it out"})
		}
		opt.applyServe(&options)
	}
	byName := make(map[string]Callable, len(fns))
	names := make([]string, 0, len(fns))
	for _, f := range fns {
		if f == nil || byName[f.Name()] != nil {
			panic(&MisuseError{"Serve", fmt.Sprint(f), "a nil function, or one that is given twice"})
		}
		byName[f.Name()] = f
		names = append(names, f.Name())
	}
	ctx, stop := task.UntilEnding(ctx)
	defer stop()
	w := &worker{funcs: byName}
	if options.drain > 0 {
		w.jobs = map[*Attempt]context.CancelCauseFunc{}
		stop := context.AfterFunc(ctx, func() { w.drainFor(options.drain) })
		defer stop()
		defer w.drained()
	}
	return e.Serve(ctx, names, options.concurrency, w.handle)
}

// A worker is one call of Serve.
type worker struct {
	funcs map[string]Callable

	mu    sync.Mutex
	jobs  map[*Attempt]context.CancelCauseFunc // those that run; nil without a time to drain
	timer *time.Timer                          // set while the worker drains
	over  bool                                 // Serve returns
}

// handle runs one job. A Goexit in a function of the user's ends the goroutine that calls
// it, but not that of the engine, which has other jobs.
func (w *worker) handle(ctx context.Context, a *Attempt) *Outcome {
	outcome := &Outcome{Worker: a.Worker, Delivery: a.Delivery}
	f := w.funcs[a.Job.Func]
	if f == nil {
		outcome.Failure = NewFailure(ErrUnknownFunc)
		return outcome
	}
	verdict.Apart(func() { w.run(ctx, f, a, outcome) })
	return outcome
}

// run runs one job of f.
func (w *worker) run(ctx context.Context, f Callable, a *Attempt, outcome *Outcome) {
	if w.jobs == nil {
		f.handle(ctx, a, outcome)
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w.mu.Lock()
	w.jobs[a] = cancel
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.jobs, a)
	}()
	f.handle(ctx, a, outcome)
}

// drainFor cancels the jobs that still run after d.
func (w *worker) drainFor(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	w.timer = time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, cancel := range w.jobs {
			cancel(ErrDrained)
		}
	})
}

func (w *worker) drained() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

// handle runs one job of f, waits for it, and writes how it ended to outcome, even if a
// function of the user's calls Goexit and handle does not return.
func (f *Func[A, R]) handle(ctx context.Context, a *Attempt, outcome *Outcome) {
	if !a.Job.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, a.Job.Deadline)
		defer cancel()
	}
	// Fields of Carry call functions of the user's with what came.
	task.Func[[]byte](func(ctx context.Context) (result []byte, err error) {
		// The job starts without variables, so it has neither what its worker nor
		// what the previous job has set.
		ctxvar.Detach(func() {
			err = wire().Receive(ctx, a.Job.Vars, nil, func(ctx context.Context) (err error) {
				defer running.Set(a).Reset()
				result, err = task.Run(ctx, f.job(a.Job.Arg), task.Name(f.name))
				return err
			})
		})
		return result, err
	}).Call(ctx, func(result []byte, err error) {
		if err != nil {
			outcome.Failure = newFailure(err, func() bool { return answersCancellation(ctx, err) })
			return
		}
		outcome.Result = result
	})
}

// job returns the function that a worker runs: f, with the decoding of the
// argument before it and the encoding of the result after it. All of the user's
// code but the fields of [Carry] runs within it.
func (f *Func[A, R]) job(data []byte) task.Func[[]byte] {
	return func(ctx context.Context) ([]byte, error) {
		var arg A
		if err := f.options.codec.Unmarshal(data, &arg); err != nil {
			return nil, fmt.Errorf("decoding the argument: %w", err)
		}
		value, err := f.fn(ctx, arg)
		if err != nil {
			return nil, err
		}
		result, err := f.options.codec.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("encoding the result: %w", err)
		}
		return result, nil
	}
}

// answersCancellation reports whether err says no more than that the function
// ended because ctx did.
func answersCancellation(ctx context.Context, err error) bool {
	return ctx.Err() != nil && verdict.Cancelled(err, ctx.Err(), context.Cause(ctx))
}
