package gather

import (
	"context"
	"iter"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// FromChan returns the values received from ch, until ch is closed, as an input
// for [Stream]. The sequence also ends when the stream that it feeds ends, so
// it does not delay the end of the loop, even if ch never delivers another
// value.
//
// The input itself must range over it, as any function that filters or maps a
// sequence does, and not a goroutine or a ctxvar.Context that the input starts.
// Outside of a stream, the sequence ends only with ch.
func FromChan[T any](ch <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		var over <-chan struct{}
		if f := feedHere(); f != nil {
			over = f.ctx.Done()
		}
		for {
			select {
			case v, ok := <-ch:
				if !ok || !yield(v) {
					return
				}
			case <-over:
				return
			}
		}
	}
}

// A feed is what the input of a stream can find out about the stream. The input
// is a function without parameters, so it finds the feed through a variable.
// Only the goroutine that iterates over the input uses the variable: goroutines
// that the input starts inherit it, but must not end with the stream.
type feed struct {
	scope gls.Env
	ctx   context.Context // done when the stream is over
}

var feedVar = ctxvar.New[*feed]("gather.feed")

// run calls iterate, which can find f with feedHere.
func (f *feed) run(iterate func()) {
	f.scope.Hold(gls.Current())
	f.scope.Run(func() {
		feedVar.Set(f)
		iterate()
	})
}

// feedHere returns the feed whose input the running goroutine iterates over, or
// nil.
func feedHere() *feed {
	if f := feedVar.Get(); f != nil && f.scope.RunningHere() {
		return f
	}
	return nil
}
