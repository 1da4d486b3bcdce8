package gather

import (
	"context"
	"sync"

	"github.com/heirloom-go/heirloom/task"
)

// Race runs fns concurrently, as [All] does, and returns the result of the job
// that ends first, whether it succeeds or fails; an error is wrapped in a
// [*JobError]. The context of the other jobs is then cancelled, and Race
// returns once they have ended too. Their results are dropped. It is
// JavaScript's Promise.race, and Python's asyncio.wait with FIRST_COMPLETED.
//
// If ctx is done when Race is called, no job starts, and the error matches
// [ErrNotStarted]. Without functions, the error is [ErrNoJobs]. Race panics
// with a [*UsageError] if one of fns is nil.
func Race[T any](ctx context.Context, fns ...task.Func[T]) (T, error) {
	checkFuncs("Race", fns)
	ctx = safe("Race", ctx)
	r := &contest[T]{
		batch:    batch[task.Func[T], T]{items: fns, kind: kindRace},
		failures: failures{policy: FailFast},
	}
	r.outcome = r
	return r.winner(ctx)
}

// Any runs fns concurrently, as [All] does, and returns the result of the job
// that succeeds first. The context of the other jobs is then cancelled, and Any
// returns once they have ended too. Their results are dropped. If all jobs
// fail, the error is an [Errors] with all failures. It is JavaScript's
// Promise.any.
//
// If ctx is done when Any is called, no job starts, and the error matches
// [ErrNotStarted]. Without functions, the error is [ErrNoJobs]. Any panics with
// a [*UsageError] if one of fns is nil.
func Any[T any](ctx context.Context, fns ...task.Func[T]) (T, error) {
	checkFuncs("Any", fns)
	ctx = safe("Any", ctx)
	r := &contest[T]{
		batch:    batch[task.Func[T], T]{items: fns, kind: kindAny},
		failures: failures{policy: CollectAll},
	}
	r.outcome = r
	return r.winner(ctx)
}

// A contest is one call of [Race] or [Any]. It is over with the first success,
// or with as many failures as its policy allows.
type contest[T any] struct {
	batch[task.Func[T], T]
	failures

	over  sync.Once
	won   bool
	value T
}

func (c *contest[T]) notify(i int, v T, err error, _ bool) {
	if err == nil {
		c.over.Do(func() {
			c.won, c.value = true, v
			c.jobs.cancel(nil)
		})
	} else if last := c.add(&c.jobs, &JobError{Index: i, Err: err}, false); last != nil {
		c.over.Do(func() { c.jobs.cancel(last) })
	}
}

// winner runs the jobs and returns the result of the one that won.
func (c *contest[T]) winner(ctx context.Context) (T, error) {
	var none T
	if len(c.items) == 0 {
		return none, ErrNoJobs
	}
	if c.run(ctx) == 0 {
		return none, notStarted(ctx)
	}
	if c.won {
		c.drop(&c.jobs)
	}
	c.report(ctx)
	if c.won {
		return c.value, nil
	}
	return none, c.error(ctx, len(c.items), len(c.items))
}
