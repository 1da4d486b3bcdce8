package supervise

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// Current holds the current run of a supervised function, for the function and
// everything that it starts. To show it in the tree of tasks, pass it to the
// option of [task.WriteTree] and [task.Snapshot] that shows variables.
var Current = ctxvar.New[Attempt]("supervise_attempt")

// An Attempt is one run of a supervised function. Outside of a run, it is the
// zero Attempt.
type Attempt struct {
	Run  int   // 1 for the first
	Last error // the failure of the previous run, or nil
}

// String returns the attempt as one line of text.
func (a Attempt) String() string {
	if a.Last == nil {
		return "run " + strconv.Itoa(a.Run)
	}
	return fmt.Sprintf("run %d, after: %v", a.Run, a.Last)
}

// Go is [Run] in a task of its own, which has the function's name. If Run
// returns a failure, the task fails with it, and so does the [task.Group] to
// which the task belongs.
//
// Go panics with [task.ErrNilFunc] if fn is nil.
func Go(ctx context.Context, fn func(ctx context.Context) error, opts ...Option) *task.Task[struct{}] {
	if fn == nil {
		panic(task.ErrNilFunc)
	}
	c := configure(opts)
	return task.Go(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.run(ctx, fn)
	}, task.Name(c.name))
}

// Run runs fn, and runs it again after each failure. It returns
//
//   - nil when fn has returned nil, unless the function is [Permanent];
//   - when ctx has ended, or the scope that it comes from accepts no more tasks
//     (see [task.UntilEnding]), the result of the run that was going on, or a
//     [*task.CanceledError] if none was;
//   - the failure, if [RestartIf] does not allow a restart after it;
//   - a [*LimitError] with the last failure, if [MaxRestarts] does not allow
//     another restart;
//   - an error that wraps both the failure and a [*task.PanicError], if a
//     function given to an option panicked.
//
// In any case, no run goes on after Run has returned. Run panics with
// [task.ErrNilFunc] if fn is nil.
func Run(ctx context.Context, fn func(ctx context.Context) error, opts ...Option) error {
	if fn == nil {
		panic(task.ErrNilFunc)
	}
	return configure(opts).run(ctx, fn)
}

func (c *config) run(ctx context.Context, fn func(context.Context) error) error {
	open, stop := task.UntilEnding(ctx)
	defer stop()
	history := history{restarts: c.restarts, within: c.within}
	var last error
	failed := 0
	for n := 1; ; n++ {
		started := time.Now()
		ran, err := c.once(ctx, fn, Attempt{Run: n, Last: last})
		if err == nil && c.permanent {
			err = ErrReturned
		}
		switch {
		case open.Err() != nil && err == ErrReturned: // it returned because the scope is ending
			return nil
		case err == nil || !ran || open.Err() != nil:
			return err
		}
		now := time.Now()
		failure := Failure{Name: c.name, Err: err, Run: n, Ran: now.Sub(started)}
		if failure.Ran >= c.stable {
			failed = 0
		}
		failed++
		failure.Failed = failed
		again := false
		if err := c.guard(ctx, "deciding about a restart", err, func() { again, failure.Wait = c.judge(&history, now, failed, err) }); err != nil {
			return err
		}
		if !again {
			if c.limited && history.exceeded {
				return &LimitError{Name: c.name, Restarts: c.restarts, Within: c.within, Err: err}
			}
			return err
		}
		if err := c.guard(ctx, "calling OnFailure", err, func() { c.onFailure(failure) }); err != nil {
			return err
		}
		if err := task.Sleep(open, failure.Wait); err != nil {
			return &task.CanceledError{Task: c.name, Cause: cmp.Or(context.Cause(open), err), Err: err}
		}
		last = err
	}
}

// once runs fn once, and reports whether it ran. In a scope that accepts no more
// tasks, it does not run, now or later.
func (c *config) once(ctx context.Context, fn func(context.Context) error, a Attempt) (ran bool, err error) {
	_, err = task.Run(ctx, func(ctx context.Context) (struct{}, error) {
		ran = true
		Current.Set(a)
		return struct{}{}, fn(ctx)
	}, task.Name(c.name+"#"+strconv.Itoa(a.Run)))
	return ran, err
}

// judge decides after a failure whether fn will be run again, and after which
// wait.
func (c *config) judge(h *history, now time.Time, failed int, err error) (again bool, wait time.Duration) {
	if c.restartIf != nil && !c.restartIf(err) {
		return false, 0
	}
	if c.limited && !h.restart(now) {
		return false, 0
	}
	return true, c.backoff(failed, err)
}

// guard calls f, which calls functions of the user after failure; doing names that for the
// error. If f panics, guard returns an error with both. After a Goexit Run does not
// return, and guard reports the error.
func (c *config) guard(ctx context.Context, doing string, failure error, f func()) (err error) {
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		f()
		return struct{}{}, nil
	}).Call(ctx, func(_ struct{}, fault error) {
		if fault == nil {
			return
		}
		err = verdict.Errorf("supervise: %q failed: %w; %s: %w", c.name, failure, doing, fault)
		if fault == task.ErrGoexit {
			task.Report(ctx, err)
		}
	})
	return err
}

// A history has the times of the restarts that count for the limit.
type history struct {
	restarts int
	within   time.Duration
	times    []time.Time // at most restarts, the oldest first
	exceeded bool
}

// restart records a restart at now, and reports whether it is allowed.
func (h *history) restart(now time.Time) bool {
	old := 0
	for old < len(h.times) && now.Sub(h.times[old]) >= h.within {
		old++
	}
	h.times = append(h.times[:0], h.times[old:]...)
	if len(h.times) >= h.restarts {
		h.exceeded = true
		return false
	}
	h.times = append(h.times, now)
	return true
}
