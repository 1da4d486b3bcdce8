package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// A Func is a function with a name, by which workers serve it and callers call
// it. Declare it at package level, like a ctxvar.Var, in a package that both
// sides import. Its methods are safe for concurrent use.
type Func[A, R any] struct {
	name    string
	fn      func(context.Context, A) (R, error)
	options funcOptions
}

// A Callable is a [Func] of any type, for [Serve].
type Callable interface {
	Name() string
	handle(ctx context.Context, a *Attempt, outcome *Outcome)
}

// declared holds the functions of this program, by name.
var declared = struct {
	mu    sync.RWMutex
	funcs map[string]Callable
}{funcs: map[string]Callable{}}

func lookUp(name string) Callable {
	declared.mu.RLock()
	defer declared.mu.RUnlock()
	return declared.funcs[name]
}

// New returns a Func that calls fn. Arguments and results are sent as JSON,
// unless [Encoding] sets another format.
//
// New panics with a [*MisuseError] if fn is nil, if the name is already used,
// or if it does not consist of 1 to 64 ASCII letters, digits, hyphens and
// underscores: engines use it in names of their own.
func New[A, R any](name string, fn func(context.Context, A) (R, error), opts ...FuncOption) *Func[A, R] {
	switch {
	case fn == nil:
		panic(&MisuseError{"New", name, "a nil function; pass what the job is to run"})
	case !isName(name):
		panic(&MisuseError{"New", name, "a name is 1 to 64 letters, digits, hyphens and underscores"})
	}
	f := &Func[A, R]{name: name, fn: fn, options: defaultOptions()}
	for _, opt := range opts {
		if opt == nil {
			panic(&MisuseError{"New", name, "a nil option; leave it out"})
		}
		opt.applyFunc(&f.options)
	}
	declared.mu.Lock()
	defer declared.mu.Unlock()
	if declared.funcs[name] != nil {
		panic(&MisuseError{"New", name, "the name is taken; declare each function once, at package level"})
	}
	declared.funcs[name] = f
	return f
}

// Name returns the name given to New.
func (f *Func[A, R]) Name() string { return f.name }

// through is the engine of the goroutine.
var through = ctxvar.New[Engine]("remote.engine", ctxvar.Default(Local))

// Through sets the engine for this goroutine and those it starts from now on.
// The engine is a context variable whose default is [Local]:
//
//	defer remote.Through(engine).Reset()
//
// Through panics with a [*MisuseError] if e is nil.
func Through(e Engine) *ctxvar.Token[Engine] {
	if e == nil {
		panic(&MisuseError{"Through", "", "a nil Engine; pass one, or remote.Local"})
	}
	return through.Set(e)
}

// Call runs f through the engine set by [Through], or in this goroutine if none
// is set, so a program without an engine, such as a test, needs no changes. It
// has the signature that gather.Map, Each and Stream expect.
//
// The job has only the variables chosen by [Carry], with the values of the
// calling goroutine or, if ctx comes from another work, those that ctx carries.
// When ctx ends, a waiting job is taken back, and the ctx of a running one is
// cancelled with the same cause; Call then returns when the job has ended, or
// after [Grace]. A job runs at least once, and more often only if its worker is
// lost: errors and panics are results, and are not tried again. Use
// gather.Retry for that.
//
// The error is an [*Error]. Call blocks until there is a result. If no worker
// serves the function, or the engine cannot be reached, this may be until ctx
// ends.
func (f *Func[A, R]) Call(ctx context.Context, arg A) (R, error) {
	return f.call(ctx, through.Get(), arg)
}

// On returns a function that does what Call does through e, regardless of
// [Through]. It panics with a [*MisuseError] if e is nil.
func (f *Func[A, R]) On(e Engine) func(context.Context, A) (R, error) {
	if e == nil {
		panic(&MisuseError{"On", f.name, "a nil Engine; pass one, or remote.Local"})
	}
	return func(ctx context.Context, arg A) (R, error) { return f.call(ctx, e, arg) }
}

// With returns f with its argument, for task.Go, gather.All and task.Within.
func (f *Func[A, R]) With(arg A) task.Func[R] {
	return func(ctx context.Context) (R, error) { return f.Call(ctx, arg) }
}

func (f *Func[A, R]) call(ctx context.Context, e Engine, arg A) (result R, err error) {
	if ctx == nil {
		panic(task.ErrNilContext)
	}
	ctx = &answering{ctx}
	if ctx.Err() != nil {
		return result, &Error{Func: f.name, Err: verdict.Interrupted(ctx)}
	}
	data, err := f.options.codec.Marshal(arg)
	if err != nil {
		return result, &Error{Func: f.name, Err: fmt.Errorf("encoding the argument: %w", err)}
	}
	o := f.options
	job := &Job{
		ID:         jobID(),
		Func:       f.name,
		Arg:        data,
		Vars:       ctxwire.Map{},
		Deliveries: o.deliveries,
		Lease:      o.lease,
		Backlog:    o.backlog,
		Grace:      o.grace,
	}
	job.Deadline, _ = ctx.Deadline()
	var progress progressFailure
	if report := onProgress.Get(); report != nil {
		job.Progress = progress.protect(ctx, report)
	}
	var outcome *Outcome
	err = wire().Send(ctx, job.Vars, func(ctx context.Context) (err error) {
		outcome, err = e.Do(ctx, job)
		return err
	})
	if panicked := progress.err(); panicked != nil {
		failed := &Error{Func: f.name, Err: panicked}
		failure := err
		if err == nil && outcome.Failure != nil {
			failed.Worker, failed.Delivery = outcome.Worker, outcome.Delivery
			failure = outcome.Failure.Err()
		}
		if failure != nil {
			failed.Err = verdict.Errorf("%w; reporting the progress: %w", failure, panicked)
		}
		return result, failed
	}
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
			err = verdict.Interrupted(ctx)
		}
		return result, &Error{Func: f.name, Err: err}
	}
	failed := func(err error) (R, error) {
		return result, &Error{Func: f.name, Worker: outcome.Worker, Delivery: outcome.Delivery, Err: err}
	}
	if failure := outcome.Failure; failure != nil {
		if failure.Canceled && ctx.Err() != nil {
			// The job ended because ctx did. The original cause is here, and is
			// better than the part of it that crossed.
			return failed(verdict.Interrupted(ctx))
		}
		return failed(failure.Err())
	}
	value, err := f.decode(ctx, outcome.Result)
	if err != nil {
		return failed(fmt.Errorf("decoding the result: %w", err))
	}
	return value, nil
}

// An answering is a ctx that says why it has ended, whatever the Err method of the caller's
// ctx does. Engines derive others from it, and for these a goroutine of package context
// asks, in which a panic would end the program.
type answering struct{ context.Context }

func (c *answering) Err() error {
	select {
	case <-c.Done():
	default:
		return nil
	}
	err := context.Canceled
	verdict.Apart(func() { err = verdict.ErrOf(c.Context) })
	return err
}

// The IDs of this process's jobs begin with the process's own name, followed by
// a count. So engines keep them in order, and find IDs that differ only at the
// end faster than random ones.
var (
	processID = rand.Text()[:20] // of 5 bits each
	jobs      atomic.Uint64
)

func jobID() string { return processID + strconv.FormatUint(jobs.Add(1), 36) }

// decode decodes a result. The data come from outside, so a panic of the codec
// becomes an error.
func (f *Func[A, R]) decode(ctx context.Context, data []byte) (result R, err error) {
	task.Func[R](func(context.Context) (value R, err error) {
		err = f.options.codec.Unmarshal(data, &value)
		return value, err
	}).Call(ctx, func(value R, decodeErr error) {
		if err = decodeErr; err == nil {
			result = value
		}
	})
	return result, err
}
