package gather

import (
	"context"
	"fmt"
	"time"
)

// An Option changes how [Map], [Each] and [Stream] run their jobs. Where two
// options of a call say different things, the later one counts.
type Option interface{ set(*config) }

type option func(*config)

func (o option) set(c *config) { o(c) }

// config is what the options of a call ask for.
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

// What calls without options ask for. Not to be changed.
var (
	failFast   = config{policy: FailFast, buffer: -1}
	collectAll = config{policy: CollectAll, buffer: -1}
)

// configure returns what opts ask for, on top of the defaults.
func configure(defaults *config, opts []Option) *config {
	if len(opts) == 0 {
		return defaults
	}
	c := *defaults
	for _, o := range opts {
		o.set(&c)
	}
	return &c
}

// Limit lets at most n jobs run at once. Without it, [Map] and [Each] run all
// jobs at once, as [All] and errgroup do, and [Stream] runs as many as there are
// processors to run them: runtime.GOMAXPROCS.
//
// Jobs start in the order of the items. A few goroutines then run many jobs
// each, one after the other, and yet every job has a copy of the caller's
// variables of its own: it sees nothing that an earlier job set.
//
// Limit panics with a [*UsageError] if n is less than 1.
func Limit(n int) Option {
	if n < 1 {
		panic(&UsageError{Func: "Limit", Problem: fmt.Sprintf("limit %d; at least 1 job must be able to run", n)})
	}
	return option(func(c *config) { c.limit = n })
}

// Timeout gives each job d from its start. Its context is done then, and an
// error that the job returns after that is a [*task.TimeoutError], which wraps it and
// matches [context.DeadlineExceeded].
//
// The time counts for the job as a whole: with [Retry], all attempts and the
// waits between them. A job that does not heed its context is waited for
// nevertheless, and if it succeeds, late, it has succeeded.
func Timeout(d time.Duration) Option {
	return option(func(c *config) { c.timeout, c.timed = d, true })
}

// A Limiter says when a job may start. The [*rate.Limiter] of
// golang.org/x/time/rate is one.
//
// [*rate.Limiter]: https://pkg.go.dev/golang.org/x/time/rate#Limiter
type Limiter interface {
	// Wait blocks until one more job may start, or until ctx is done. It
	// returns an error if it will not let the job start.
	Wait(ctx context.Context) error
}

// Rate makes every job wait for l before it starts, and before every further
// attempt that [Retry] makes. One limiter may serve many calls at once, if it is
// safe for concurrent use as *rate.Limiter is. A job that l turns away fails
// with the error of l.Wait, or with its panic.
//
// Rate panics with a [*UsageError] if l is nil.
func Rate(l Limiter) Option {
	if l == nil {
		panic(&UsageError{Func: "Rate", Problem: "nil limiter; pass one, as rate.NewLimiter(rate.Every(time.Second), 1)"})
	}
	return option(func(c *config) { c.rate = l })
}

// Weight lets jobs run at once only while the sum of their weights is at most
// capacity, and starts them in the order of the items: a heavy job is not
// overtaken by light ones behind it. weigh tells the weight of an item, as the
// memory that its job takes.
//
// A job that is heavier than capacity could never start, and one of negative
// weight makes no sense: such a job fails with a [*WeightError], the others are
// not affected. If weigh panics, that is the failure of the job. T must be the
// item type of the call that the option is given to.
//
// Weight panics with a [*UsageError] if capacity is less than 1 or weigh is nil.
func Weight[T any](capacity int64, weigh func(item T) int64) Option {
	if capacity < 1 {
		panic(&UsageError{Func: "Weight", Problem: fmt.Sprintf("capacity %d; it must be positive", capacity)})
	}
	if weigh == nil {
		panic(&UsageError{Func: "Weight", Problem: "nil function; pass one that weighs an item"})
	}
	return option(func(c *config) { c.capacity, c.weigh = capacity, weigh })
}

// Name tells what to call the job of an item in errors, beside its index. It is
// called only for jobs that fail, on the goroutine of the job; if it panics, the
// error of the job says so too. T must be the item type of the call that the
// option is given to.
//
// Name panics with a [*UsageError] if name is nil.
func Name[T any](name func(item T) string) Option {
	if name == nil {
		panic(&UsageError{Func: "Name", Problem: "nil function; pass one that names an item"})
	}
	return option(func(c *config) { c.name = name })
}

// Ordered makes [Stream] give the results in the order of its input, whatever
// order the jobs end in. It changes nothing elsewhere, since [Map] always does.
func Ordered() Option {
	return option(func(c *config) { c.ordered = true })
}

// Buffer lets [Stream] run ahead of the loop that ranges over it by n results
// more: it takes an item from its input only while fewer than the limit plus n
// are under way, from the input to the body of the loop. Without Buffer, n is
// the limit, or more while items pass quickly: see Stream. Buffer(0) takes nothing that no worker is there for; a large n lets
// [Ordered] go on for longer past a slow job. It changes nothing elsewhere.
//
// Buffer panics with a [*UsageError] if n is negative.
func Buffer(n int) Option {
	if n < 0 {
		panic(&UsageError{Func: "Buffer", Problem: fmt.Sprintf("size %d; it must not be negative", n)})
	}
	return option(func(c *config) { c.buffer = n })
}

// A Policy says how many failures a call bears before it cancels the jobs that
// remain. It is for the option [OnError].
type Policy int

const (
	// CollectAll lets a failure cancel nothing, and returns all of them, as
	// [Errors]. It is what [Stream] does if it is not told otherwise.
	CollectAll Policy = 0

	// FailFast cancels all other jobs when one fails, starts no more, and
	// returns that first failure: a [*JobError]. It is what [Map] and [Each] do
	// if they are not told otherwise.
	FailFast Policy = -1
)

// StopAfter cancels all other jobs when n of them have failed, starts no more,
// and returns these n failures, as [Errors].
//
// StopAfter panics with a [*UsageError] if n is less than 1.
func StopAfter(n int) Policy {
	if n < 1 {
		panic(&UsageError{Func: "StopAfter", Problem: fmt.Sprintf("after %d failures; it must be at least 1, or CollectAll", n)})
	}
	return Policy(n)
}

// OnError says what a failure does to the other jobs of the call: [FailFast],
// [CollectAll] or [StopAfter].
func OnError(p Policy) Option {
	if p < FailFast {
		panic(unknownPolicy("OnError", p))
	}
	return option(func(c *config) { c.policy = p })
}

func unknownPolicy(caller string, p Policy) *UsageError {
	return &UsageError{Func: caller, Problem: fmt.Sprintf("unknown policy %d; pass FailFast, CollectAll or StopAfter(n)", p)}
}

// enough reports whether a call bears no more than n failures.
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
