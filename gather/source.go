package gather

import (
	"context"
	"iter"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// FromChan returns the values received from ch, until ch is closed, as an input
// for [Stream]. It is over, too, when the stream that it feeds is: it does not
// hold up the end of the loop, even if ch never gives another value.
//
// It must be ranged over by the input itself, as any function that filters or
// maps a sequence does, and not in a goroutine or a ctxvar.Context of the
// input's own. Outside of a stream it ends only with ch.
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

// A feed is what the input of a stream can find out about it. The input is a
// function without a parameter to tell it by, so it is a variable that does, of
// the goroutine that iterates over the input and of no other: what the input
// starts inherits the variable, but has no business with the end of the stream.
type feed struct {
	scope gls.Env
	ctx   context.Context // done when the stream is over
}

var feedVar = ctxvar.New[*feed]("gather.feed")

// run calls iterate, which may learn of f by feedHere.
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
