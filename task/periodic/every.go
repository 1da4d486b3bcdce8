package periodic

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

// Current holds the current run of a periodic function, for the function and
// everything that it starts. To show it in the tree of tasks, pass it to the
// option of [task.WriteTree] and [task.Snapshot] that shows variables.
var Current = ctxvar.New[Tick]("periodic_tick")

// A Tick is one run of a function. Outside of a run, it is the zero Tick.
type Tick struct {
	Run     int       // 1 for the first
	Due     time.Time // when it was due; it began then or later
	Skipped int       // how many times were skipped between the previous run and this one
}

// String returns the run as text.
func (t Tick) String() string {
	s := fmt.Sprintf("run %d, due at %s", t.Run, t.Due.Format(time.TimeOnly))
	if t.Skipped > 0 {
		s += fmt.Sprintf(", %d skipped", t.Skipped)
	}
	return s
}

// Go is [Every] in a task of its own, which has the function's name. If Every
// returns a failure, the task fails with it, and so does the [task.Group] to
// which the task belongs.
//
// Go panics as Every does.
func Go(ctx context.Context, period time.Duration, fn func(ctx context.Context) error, opts ...Option) *task.Task[struct{}] {
	check("Go", period, fn)
	c := configure(opts)
	return task.Go(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.every(ctx, period, fn)
	}, task.Name(c.name))
}

// Every runs fn once in each period, and returns
//
//   - when ctx has ended, or the scope that it comes from accepts no more tasks
//     (see [task.UntilEnding]), the failure of the run that was going on, or a
//     [*task.CanceledError] if none was or it did not fail;
//   - nil, if fn returned [ErrStop];
//   - the first failure, unless there is an [OnFailure];
//   - an error that wraps both the failure and a [*task.PanicError], if the
//     function of OnFailure panicked.
//
// In any case, no run goes on after Every has returned. Every panics with
// [task.ErrNilFunc] if fn is nil, and with a [*UsageError] if period is not
// positive.
func Every(ctx context.Context, period time.Duration, fn func(ctx context.Context) error, opts ...Option) error {
	check("Every", period, fn)
	return configure(opts).every(ctx, period, fn)
}

func check(caller string, period time.Duration, fn func(context.Context) error) {
	if fn == nil {
		panic(task.ErrNilFunc)
	}
	if period <= 0 {
		panic(&UsageError{Func: "periodic." + caller, Problem: fmt.Sprintf("period %v; it must be positive", period)})
	}
}

func (c *config) every(ctx context.Context, period time.Duration, fn func(context.Context) error) error {
	open, stop := task.UntilEnding(ctx)
	defer stop()
	tick := Tick{Run: 1, Due: time.Now()}
	if !c.now {
		tick.Due = tick.Due.Add(period)
	}
	for {
		if err := task.Sleep(open, time.Until(tick.Due)); err != nil {
			return &task.CanceledError{Task: c.name, Cause: cmp.Or(context.Cause(open), err), Err: err}
		}
		began := time.Now()
		ran, err := c.once(ctx, fn, tick)
		ended := time.Now()
		switch {
		case err == nil:
		case err == ErrStop:
			return nil
		case !ran || open.Err() != nil || c.onFailure == nil:
			return err
		default:
			failure := Failure{Name: c.name, Err: err, Tick: tick, Ran: ended.Sub(began)}
			if err := c.failed(ctx, failure); err != nil {
				return err
			}
			ended = time.Now()
		}
		tick = tick.next(period, ended, c.catchUp)
	}
}

// once runs fn once, and reports whether it ran. In a scope that accepts no more
// tasks, it does not run, now or later.
func (c *config) once(ctx context.Context, fn func(context.Context) error, tick Tick) (ran bool, err error) {
	_, err = task.Run(ctx, func(ctx context.Context) (struct{}, error) {
		ran = true
		Current.Set(tick)
		return struct{}{}, fn(ctx)
	}, task.Name(c.name+"#"+strconv.Itoa(tick.Run)))
	return ran, err
}

// next returns the tick after t, whose run has ended at now, where at most
// catchUp of those that were due meanwhile are made up for.
func (t Tick) next(period time.Duration, now time.Time, catchUp int) Tick {
	due := t.Due.Add(period)
	skipped := 0
	if late := now.Sub(due); late > 0 {
		// It was due at due, due+period and so on; one at now itself is on time.
		missed := int((late + period - 1) / period)
		skipped = max(missed-catchUp, 0)
	}
	return Tick{Run: t.Run + 1, Due: due.Add(time.Duration(skipped) * period), Skipped: skipped}
}

// failed calls the function of [OnFailure], which is the user's. If it panics, failed
// returns an error with both. After a Goexit Every does not return, and failed reports the
// error.
func (c *config) failed(ctx context.Context, f Failure) (err error) {
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		c.onFailure(f)
		return struct{}{}, nil
	}).Call(ctx, func(_ struct{}, fault error) {
		if fault == nil {
			return
		}
		err = verdict.Errorf("periodic: %q failed: %w; calling OnFailure: %w", c.name, f.Err, fault)
		if fault == task.ErrGoexit {
			task.Report(ctx, err)
		}
	})
	return err
}
