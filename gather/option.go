package gather

import (
	"context"
	"fmt"
	"time"
)

// An Option changes how [Map], [Each] and [Stream] run their jobs. If two
// options of a call conflict, the later one counts. A nil Option panics with a
// [*UsageError].
type Option interface{ set(*config) }

type option func(*config)

func (o option) set(c *config) { o(c) }

// config holds the options of a call.
type config struct {
	limit   int  // jobs at once; 0 is no limit
	buffer  int  // results of a stream that may wait; negative is as many as limit
	ordered bool // a stream's results in the order of its input
	policy  Policy

	timeout time.Duration
	timed   bool
	retry   retry
	rate    Limiter // nil is no limiter

	capacity int64 // 0 is no weights
	weigh    any   // func(T) int64
	name     any   // func(T) string

	progress func(Counts)
}

// The options of calls without options. They must not be changed.
var (
	failFast   = config{policy: FailFast}               // of calls that have no buffer
	collectAll = config{policy: CollectAll, buffer: -1} // of Stream
)

// configure returns defaults with opts applied.
func configure(defaults *config, opts []Option) *config {
	if len(opts) == 0 {
		return defaults
	}
	c := *defaults
	for _, o := range opts {
		if o == nil {
			panic(&UsageError{Func: "gather.Option", Problem: "nil Option; leave it out"})
		}
		o.set(&c)
	}
	return &c
}

// Limit lets at most n jobs run at once. Without it, [Map] and [Each] run all
// jobs at once, as [All] and errgroup do, and [Stream] runs as many as there
// are processors to run them: runtime.GOMAXPROCS.
//
// Jobs start in the order of the items. With a limit, a few goroutines run many
// jobs each, one after the other. Even so, every job has its own copy of the
// caller's variables, and sees nothing that an earlier job set.
//
// Limit panics with a [*UsageError] if n is less than 1.
func Limit(n int) Option {
	if n < 1 {
		panic(&UsageError{Func: "gather.Limit", Problem: fmt.Sprintf("limit %d; at least 1 job must be able to run", n)})
	}
	return option(func(c *config) { c.limit = n })
}

// Timeout ends the context of each job d after the job has started. If the job
// then returns an error, that becomes a [*task.TimeoutError], which wraps it
// and matches [context.DeadlineExceeded].
//
// The limit is for the job as a whole: with [Retry], it includes all attempts
// and the waits between them. The call also waits for a job that ignores its
// context, and if that job succeeds, though late, it has succeeded.
func Timeout(d time.Duration) Option {
	return option(func(c *config) { c.timeout, c.timed = d, true })
}

// A Limiter decides when a job may start. The [*rate.Limiter] of
// golang.org/x/time/rate is one.
//
// [*rate.Limiter]: https://pkg.go.dev/golang.org/x/time/rate#Limiter
type Limiter interface {
	// Wait blocks until one more job may start, or until ctx is done. It
	// returns an error if the job must not start.
	Wait(ctx context.Context) error
}

// Rate makes every job wait for l before it starts, and before every further
// attempt that [Retry] makes. One limiter may serve many calls at once if it is
// safe for concurrent use, as *rate.Limiter is. A job that l refuses fails with
// the error of l.Wait, or with its panic.
//
// Rate panics with a [*UsageError] if l is nil.
func Rate(l Limiter) Option {
	if l == nil {
		panic(&UsageError{Func: "gather.Rate", Problem: "nil limiter; pass one, as rate.NewLimiter(rate.Every(time.Second), 1)"})
	}
	return option(func(c *config) { c.rate = l })
}

// Weight lets jobs run at once only while the sum of their weights is at most
// capacity. Jobs start in the order of the items, so light jobs do not overtake
// a heavy one. weigh returns the weight of an item, such as the memory that its
// job needs.
//
// A job that is heavier than capacity could never start, and a negative weight
// makes no sense: such a job fails with a [*WeightError], and the others are
// not affected. If weigh panics, the job fails with that panic. T must be the
// item type of the call that the option is given to.
//
// Weight panics with a [*UsageError] if capacity is less than 1 or weigh is nil.
func Weight[T any](capacity int64, weigh func(item T) int64) Option {
	if capacity < 1 {
		panic(&UsageError{Func: "gather.Weight", Problem: fmt.Sprintf("capacity %d; it must be positive", capacity)})
	}
	if weigh == nil {
		panic(&UsageError{Func: "gather.Weight", Problem: "nil function; pass one that weighs an item"})
	}
	return option(func(c *config) { c.capacity, c.weigh = capacity, weigh })
}

// Name sets the function that returns the name of the job of an item, which
// errors show beside its index. name is called only for jobs that fail, in the
// goroutine of the job; if it panics, the error of the job says so too. T must
// be the item type of the call that the option is given to.
//
// Name panics with a [*UsageError] if name is nil.
func Name[T any](name func(item T) string) Option {
	if name == nil {
		panic(&UsageError{Func: "gather.Name", Problem: "nil function; pass one that names an item"})
	}
	return option(func(c *config) { c.name = name })
}

// Ordered makes [Stream] yield the results in the order of its input, in
// whatever order the jobs end. It has no effect elsewhere; the results of [Map]
// are always ordered.
func Ordered() Option {
	return option(func(c *config) { c.ordered = true })
}

// Buffer sets how far [Stream] runs ahead of the loop that ranges over it: it
// takes an item from its input only while fewer than the limit plus n are under
// way, from the input to the body of the loop. Without Buffer, n is the limit,
// or more while items pass quickly; see Stream. With Buffer(0), Stream takes
// only items for which a worker is free. With [Ordered], a large n lets Stream
// continue longer past a slow job. Buffer has no effect elsewhere.
//
// Buffer panics with a [*UsageError] if n is negative.
func Buffer(n int) Option {
	if n < 0 {
		panic(&UsageError{Func: "gather.Buffer", Problem: fmt.Sprintf("size %d; it must not be negative", n)})
	}
	return option(func(c *config) { c.buffer = n })
}

// A Policy sets how many failures a call allows before it cancels the remaining
// jobs. It is the argument of the option [OnError].
type Policy int

const (
	// CollectAll cancels nothing when a job fails, and returns all failures, as
	// [Errors]. It is the default of [Stream].
	CollectAll Policy = 0

	// FailFast cancels all other jobs when one fails, starts no more, and
	// returns that first failure, a [*JobError]. It is the default of [Map] and
	// [Each].
	FailFast Policy = -1
)

// StopAfter cancels all other jobs when n of them have failed, starts no more,
// and returns these n failures, as [Errors].
//
// StopAfter panics with a [*UsageError] if n is less than 1.
func StopAfter(n int) Policy {
	if n < 1 {
		panic(&UsageError{Func: "gather.StopAfter", Problem: fmt.Sprintf("after %d failures; it must be at least 1, or CollectAll", n)})
	}
	return Policy(n)
}

// OnError sets how a failure affects the other jobs of the call: [FailFast],
// [CollectAll] or [StopAfter].
func OnError(p Policy) Option {
	if p < FailFast {
		panic(unknownPolicy("OnError", p))
	}
	return option(func(c *config) { c.policy = p })
}

func unknownPolicy(caller string, p Policy) *UsageError {
	return &UsageError{Func: "gather." + caller, Problem: fmt.Sprintf("unknown policy %d; pass FailFast, CollectAll or StopAfter(n)", p)}
}

// enough reports whether n failures are the most that a call allows.
func (p Policy) enough(n int) bool {
	switch p {
	case CollectAll:
		return false
	case FailFast:
		return n >= 1
	default:
		return n >= int(p)
	}
}
