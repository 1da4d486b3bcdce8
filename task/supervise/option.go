package supervise

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// An Option configures [Run] and [Go]. They panic with a [*UsageError]
// if they are given a nil Option.
type Option func(*config)

type config struct {
	name      string
	permanent bool
	restartIf func(error) bool
	onFailure func(Failure)
	backoff   func(failed int, err error) time.Duration
	stable    time.Duration

	limited  bool
	restarts int
	within   time.Duration
}

func configure(opts []Option) *config {
	c := &config{
		name:      "supervised",
		onFailure: logFailure,
		backoff:   exponential(100*time.Millisecond, 30*time.Second),
		stable:    time.Minute,
	}
	for _, o := range opts {
		if o == nil {
			panic(&UsageError{Func: "supervise.Option", Problem: "nil Option; leave it out"})
		}
		o(c)
	}
	return c
}

// Name sets the name of the function in failures, errors and the tree of tasks,
// where its runs are name#1, name#2 and so on. The default is "supervised".
func Name(name string) Option { return func(c *config) { c.name = name } }

// MaxRestarts limits the restarts of a function to n within d. When a further
// restart would be needed, [Run] returns a [*LimitError] with the last failure.
// By default there is no limit. It mirrors the intensity and the period of
// Erlang's supervisors.
//
// MaxRestarts panics with a [*UsageError] if n is negative or d is not positive.
func MaxRestarts(n int, d time.Duration) Option {
	if n < 0 || d <= 0 {
		panic(&UsageError{Func: "supervise.MaxRestarts", Problem: fmt.Sprintf("%d restarts within %v; it must be 0 or more within a positive time", n, d)})
	}
	return func(c *config) { c.limited, c.restarts, c.within = true, n, d }
}

// Delay makes Run wait for first after the first failure, and for twice as long
// after each further one, but never longer than most. Each wait is shortened by
// a random part of up to a half.
//
// Delay panics with a [*UsageError] if first is not positive or most is less
// than first.
func Delay(first, most time.Duration) Option {
	if first <= 0 || most < first {
		panic(&UsageError{Func: "supervise.Delay", Problem: fmt.Sprintf("first wait %v and longest wait %v; it must be 0 < first <= longest", first, most)})
	}
	return Backoff(exponential(first, most))
}

// Backoff makes f determine the wait before the next run, from the number of
// consecutive failures, without a [Stable] run in between, and the last
// failure. The Backoffs of package gather can be used. If f panics, [Run] ends.
//
// Backoff panics with a [*UsageError] if f is nil.
func Backoff(f func(failed int, err error) time.Duration) Option {
	if f == nil {
		panic(&UsageError{Func: "supervise.Backoff", Problem: "nil function; pass one that says how long to wait, or use Delay"})
	}
	return func(c *config) { c.backoff = f }
}

// Stable sets how long a run must last for its failure to count as the first
// one again. The default is a minute.
//
// Stable panics with a [*UsageError] if d is not positive.
func Stable(d time.Duration) Option {
	if d <= 0 {
		panic(&UsageError{Func: "supervise.Stable", Problem: fmt.Sprintf("%v; it must be positive", d)})
	}
	return func(c *config) { c.stable = d }
}

// Permanent makes a return without an error a failure too, [ErrReturned], so
// the function ends only with ctx or if it fails too often. In Erlang such a
// child is permanent, and one without this option is transient.
func Permanent() Option { return func(c *config) { c.permanent = true } }

// RestartIf restarts the function only after failures for which f returns true.
// [Run] returns any other failure, unwrapped. If f panics, Run ends.
//
// RestartIf panics with a [*UsageError] if f is nil.
func RestartIf(f func(error) bool) Option {
	if f == nil {
		panic(&UsageError{Func: "supervise.RestartIf", Problem: "nil function; pass one that says after which errors to go on"})
	}
	return func(c *config) { c.restartIf = f }
}

// A Failure describes a run that failed and will be followed by another one.
type Failure struct {
	Name string        // of the function
	Err  error         // the failure
	Run  int           // the number of the run; 1 for the first
	Ran  time.Duration // how long it lasted

	// Failed is the number of consecutive failures, without a Stable run in
	// between.
	Failed int

	// Wait is the time until the next run.
	Wait time.Duration
}

// OnFailure registers f to be called with each failure after which the function
// will be run again, as soon as the run has ended. By default, failures are
// logged with slog.Default() at level Warn. f is called by the goroutine that
// called [Run], and the next run waits for it. If f panics, Run ends.
//
// OnFailure panics with a [*UsageError] if f is nil.
func OnFailure(f func(Failure)) Option {
	if f == nil {
		panic(&UsageError{Func: "supervise.OnFailure", Problem: "nil function; pass one that is to be called with failures"})
	}
	return func(c *config) { c.onFailure = f }
}

func logFailure(f Failure) {
	slog.LogAttrs(context.Background(), slog.LevelWarn, "supervised function failed and will be run again",
		slog.String("name", f.Name), slog.Int("run", f.Run), slog.Duration("ran", f.Ran),
		slog.Duration("wait", f.Wait), slog.Any("err", f.Err))
}

// exponential is the function that Delay describes.
func exponential(first, most time.Duration) func(int, error) time.Duration {
	return func(failed int, _ error) time.Duration {
		wait := first
		for n := 1; n < failed && wait < most; n++ {
			wait += min(wait, most-wait) // which does not overflow
		}
		return wait - rand.N(wait/2+1)
	}
}
