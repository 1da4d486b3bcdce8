package periodic

import (
	"errors"
	"fmt"
	"time"
)

// ErrStop is what a function returns, as it is and not wrapped, to end [Every]
// without a failure.
var ErrStop = errors.New("periodic: stop")

// A UsageError is what this package panics with when it is asked for what makes
// no sense.
type UsageError struct {
	Func    string // what was called
	Problem string // what is wrong, and what would be right
}

// Error says which call is wrong, and why.
func (e *UsageError) Error() string { return "periodic." + e.Func + ": " + e.Problem }

// An Option configures [Every] and [Go].
type Option func(*config)

type config struct {
	name      string
	now       bool
	catchUp   int
	onFailure func(Failure)
}

func configure(opts []Option) *config {
	c := &config{name: "periodic"}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Name names the function in failures and in the tree of tasks, where its runs
// are name#1, name#2 and so on. Without it, it is "periodic".
func Name(name string) Option { return func(c *config) { c.name = name } }

// Now makes the function due at the beginning too, and not only after the first
// period.
func Now() Option { return func(c *config) { c.now = true } }

// CatchUp runs the function for the times that it missed, as soon as it can, one
// after the other. It makes up for the newest most of them; older ones are left
// out, as all are without this option.
//
// CatchUp panics with a [*UsageError] if most is less than 1.
func CatchUp(most int) Option {
	if most < 1 {
		panic(&UsageError{"CatchUp", fmt.Sprintf("%d runs; it must be at least 1, or leave the option out", most)})
	}
	return func(c *config) { c.catchUp = most }
}

// A Failure is how a run ended that failed.
type Failure struct {
	Name string        // of the function
	Err  error         // what the run failed with
	Tick Tick          // which run it was
	Ran  time.Duration // how long it lasted
}

// OnFailure has f called with each failure as soon as the run has ended, and
// goes on. f is called by the goroutine that called [Every], and the next run
// waits for it. If f panics, that ends Every.
//
// OnFailure panics with a [*UsageError] if f is nil.
func OnFailure(f func(Failure)) Option {
	if f == nil {
		panic(&UsageError{"OnFailure", "nil function; pass one that is to hear of failures"})
	}
	return func(c *config) { c.onFailure = f }
}
