package supervise

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// An Option configures [Run] and [Go].
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
		o(c)
	}
	return c
}

// Name names the function in failures, errors and the tree of tasks, where its
// runs are name#1, name#2 and so on. Without it, it is "supervised".
func Name(name string) Option { return func(c *config) { c.name = name } }

// MaxRestarts gives up on a function that would have to be restarted more than n
// times within d: [Run] returns a [*LimitError] with the failure that was one
// too many. Without it there is no limit. It mirrors the intensity and the period
// of Erlang's supervisors.
//
// MaxRestarts panics with a [*UsageError] if n is negative or d is not positive.
func MaxRestarts(n int, d time.Duration) Option {
	if n < 0 || d <= 0 {
		panic(&UsageError{"MaxRestarts", fmt.Sprintf("%d restarts within %v; it must be 0 or more within a positive time", n, d)})
	}
	return func(c *config) { c.limited, c.restarts, c.within = true, n, d }
}

// Delay waits for first after the first failure, and twice as long after each
// further one, but never longer than most; less a random part of up to a half.
//
// Delay panics with a [*UsageError] if first is not positive or most is less
// than first.
func Delay(first, most time.Duration) Option {
	if first <= 0 || most < first {
		panic(&UsageError{"Delay", fmt.Sprintf("first wait %v and longest wait %v; it must be 0 < first <= longest", first, most)})
	}
	return Backoff(exponential(first, most))
}

// Backoff has f say how long to wait before the next run, of how many failures
// there were one after the other, without a [Stable] run in between, and of the
// last one. The Backoffs of package gather are such functions. If f panics, that
// ends [Run].
//
// Backoff panics with a [*UsageError] if f is nil.
func Backoff(f func(failed int, err error) time.Duration) Option {
	if f == nil {
		panic(&UsageError{"Backoff", "nil function; pass one that says how long to wait, or use Delay"})
	}
	return func(c *config) { c.backoff = f }
}

// Stable says how long a run must have lasted for its failure to count as the
// first one again. Without it, that is a minute.
//
// Stable panics with a [*UsageError] if d is not positive.
func Stable(d time.Duration) Option {
	if d <= 0 {
		panic(&UsageError{"Stable", fmt.Sprintf("%v; it must be positive", d)})
	}
	return func(c *config) { c.stable = d }
}

// Permanent makes a return without an error a failure as well, [ErrReturned], so
// that the function ends only with ctx or if it fails too often. In Erlang such
// a child is permanent, and one without this option is transient.
func Permanent() Option { return func(c *config) { c.permanent = true } }

// RestartIf restarts the function only after failures for which f reports true.
// Any other one is what [Run] returns, as it is. If f panics, that ends Run.
//
// RestartIf panics with a [*UsageError] if f is nil.
func RestartIf(f func(error) bool) Option {
	if f == nil {
		panic(&UsageError{"RestartIf", "nil function; pass one that says after which errors to go on"})
	}
	return func(c *config) { c.restartIf = f }
}

// A Failure is how a run ended after which there is to be another one.
type Failure struct {
	Name string        // of the function
	Err  error         // what the run failed with
	Run  int           // which one it was; 1 for the first
	Ran  time.Duration // how long it lasted

	// Failed is how many runs have failed by now, one after the other, without
	// a Stable one in between.
	Failed int

	// Wait is how long it is until the next run.
	Wait time.Duration
}

// OnFailure has f called with each failure after which the function is to be run
// again, as soon as the run has ended. Without it, failures are logged with
// slog.Default() at level Warn. f is called by the goroutine that called [Run],
// and the next run waits for it. If it panics, that ends Run.
//
// OnFailure panics with a [*UsageError] if f is nil.
func OnFailure(f func(Failure)) Option {
	if f == nil {
		panic(&UsageError{"OnFailure", "nil function; pass one that is to hear of failures"})
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
