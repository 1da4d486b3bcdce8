package ctxvar

import (
	"context"
	"runtime/pprof"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// carrier is a context.Context that carries a snapshot.
type carrier struct {
	context.Context
	frame *gls.Frame
	// labels, if not nil, stand in for the profiler labels of Context.
	labels any
}

func (c *carrier) Value(key any) any {
	switch {
	case key == gls.CarrierKey{}:
		return c.frame
	case gls.PprofKey(key):
		labels := c.labels
		if labels == nil {
			labels = c.Context.Value(key)
		}
		return gls.Answer(labels, c.frame)
	}
	return c.Context.Value(key)
}

// NewContext returns a copy of ctx that carries a snapshot of the running
// goroutine's values, which [FromContext] takes out. It takes constant time.
// Variables live through pprof.Do with the result and what descends from it.
//
// Get does not look there: it reads the running goroutine's values, and has no
// ctx to look in.
func NewContext(ctx context.Context) context.Context {
	return &carrier{Context: ctx, frame: gls.Current()}
}

// FromContext returns the values that ctx carries, as a new Context each time,
// ready to Run, and whether ctx carries any: whether it descends from
// [NewContext], or is the ctx of a task. It takes constant time but for ctx's
// own look-up.
func FromContext(ctx context.Context) (*Context, bool) {
	frame, ok := ctx.Value(gls.CarrierKey{}).(*gls.Frame)
	if !ok {
		return nil, false
	}
	return hold(frame), true
}

// Do calls fn with labels added to the running goroutine's profiler labels, as
// [pprof.Do] does, and keeps the goroutine's variables, whatever ctx is: they
// are there inside of fn, and what fn sets is there afterwards. If ctx has no
// labels, those that the goroutine has are kept too, and are what is there
// afterwards.
//
// fn's ctx descends from ctx and carries a snapshot, as [NewContext] makes it.
func Do(ctx context.Context, labels pprof.LabelSet, fn func(context.Context)) {
	c := &carrier{Context: ctx, frame: gls.Current()}
	if !gls.HasLabels(ctx) {
		c.labels = gls.GoroutineLabels()
	}
	pprof.Do(c, labels, func(ctx context.Context) {
		// A label set with a mark is in the slot. To look is to put a frame in
		// its place.
		gls.Current()
		fn(ctx)
	})
}
