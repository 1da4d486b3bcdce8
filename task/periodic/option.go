package periodic

import (
	"errors"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// ErrStop is returned by a function, unwrapped, to end [Every] without a
// failure.
var ErrStop = errors.New("periodic: stop")

// A UsageError is the panic value of this package for invalid arguments.
type UsageError = ctxvar.UsageError

// An Option configures [Every] and [Go]. They panic with a [*UsageError]
// if they are given a nil Option.
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
		if o == nil {
			panic(&UsageError{Func: "periodic.Option", Problem: "nil Option; leave it out"})
		}
		o(c)
	}
	return c
}

// Name sets the name of the function in failures and in the tree of tasks,
// where its runs are name#1, name#2 and so on. The default is "periodic".
func Name(name string) Option { return func(c *config) { c.name = name } }

// Now makes the function due at the beginning too, not only after the first
// period.
func Now() Option { return func(c *config) { c.now = true } }

// CatchUp runs the function for the times that it missed, as soon as possible,
// one run after the other. It makes up for the newest most times; older ones
// are skipped, as all are without this option.
//
// CatchUp panics with a [*UsageError] if most is less than 1.
func CatchUp(most int) Option {
	if most < 1 {
		panic(&UsageError{Func: "periodic.CatchUp", Problem: fmt.Sprintf("%d runs; it must be at least 1, or leave the option out", most)})
	}
	return func(c *config) { c.catchUp = most }
}

// A Failure describes a run that failed.
type Failure struct {
	Name string        // of the function
	Err  error         // the failure
	Tick Tick          // which run it was
	Ran  time.Duration // how long it lasted
}

// OnFailure registers f to be called with each failure as soon as the run has
// ended; Every then goes on. f is called by the goroutine that called [Every],
// and the next run waits for it. If f panics, Every ends.
//
// OnFailure panics with a [*UsageError] if f is nil.
func OnFailure(f func(Failure)) Option {
	if f == nil {
		panic(&UsageError{Func: "periodic.OnFailure", Problem: "nil function; pass one that is to be called with failures"})
	}
	return func(c *config) { c.onFailure = f }
}
