package ctxvar_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"slices"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// set sets the variable, without a reset or until later in the same body.
func (w *writer) set() {
	w.begin()
	before := w.want
	w.want = w.fresh()
	w.note("sets %s", w.want)
	tok := written.Set(w.want)
	if w.script.choose(3) == 0 {
		w.body()
		if before == "none" && w.signed.value != "" {
			return // see state
		}
		w.note("resets to %s", before)
		tok.Reset()
		w.want = before
		w.read()
	}
}

// sign sets the variable for identity, to stay.
func (w *writer) sign() {
	w.begin()
	if w.want == "none" {
		w.want = w.fresh()
		written.Set(w.want)
	}
	w.signed, w.doubt = signed{w.fresh(), w.work, w.place}, nil
	w.note("signs as %s", w.signed.value)
	signature.Set(w.signed.value)
	w.read()
}

// within calls enter, which calls a function with the variables of inside, and restores
// those of before.
func (w *writer) within(name string, inside state, enter func(fn func())) {
	depth := w.depth
	w.begin()
	before := w.state
	w.note("%s {", name)
	value := recovered(func() {
		enter(func() {
			w.state = inside
			w.body()
			w.throw()
		})
	})
	rethrowUnlessThrown(value)
	w.state, w.depth = before, depth
	w.note("}")
}

func (w *writer) throw() {
	if w.script.choose(5) == 0 {
		w.note("panics")
		panic(errThrown)
	}
}

func (w *writer) with() {
	w.begin()
	if w.want == "none" {
		w.set()
		return // see state
	}
	inside := w.state
	inside.want = w.fresh()
	w.within("with", inside, func(fn func()) {
		defer func() { inside = w.state }()
		written.With(inside.want, fn)
	})
	// With restores one variable.
	w.signed, w.doubt = inside.signed, inside.doubt
	w.read()
}

func (w *writer) run() {
	w.begin()
	c := ctxvar.Copy()
	w.within("run", w.state, c.Run)
	w.read()
}

func (w *writer) beginWork() {
	w.begin()
	inside := w.state
	inside.want, inside.work = w.fresh(), new(work)
	w.within("work", inside, func(fn func()) {
		defer func() { inside.work.over = true }()
		ctxvar.Work(func() {
			written.Set(inside.want)
			fn()
		})
	})
	w.read()
}

func (w *writer) detach() {
	w.within("detach", nothing, ctxvar.Detach)
	w.read()
}

func (w *writer) runFrom() {
	p := w.anyCtx()
	w.within("run from a ctx", p.carried, func(fn func()) { ctxvar.RunFrom(p.ctx, fn) })
	w.read()
}

var someLabels = pprof.Labels("k", "v")

func (w *writer) labels() {
	ctx := w.ctxForLabels().ctx
	if w.script.choose(2) == 0 {
		w.note("sets labels")
		pprof.SetGoroutineLabels(ctx)
	} else {
		w.note("sets more labels")
		pprof.SetGoroutineLabels(pprof.WithLabels(ctx, someLabels))
	}
}

// ctxForLabels returns a ctx from which w is about to write labels. If it is ours, pprof
// asks it, and w begins.
func (w *writer) ctxForLabels() pooled {
	p := w.anyCtx()
	if p.maker != nil && !p.labelled {
		w.begin()
	}
	w.wroteLabels()
	return p
}

func (w *writer) wroteLabels() { w.wrote = w.wrote || !w.begun }

// bare removes all labels.
func (w *writer) bare() {
	w.note("has no labels")
	w.wroteLabels()
	pprof.SetGoroutineLabels(context.Background())
}

func (w *writer) do() {
	p := w.ctxForLabels()
	w.note("do {")
	depth := w.depth
	rethrowUnlessThrown(recovered(func() {
		pprof.Do(p.ctx, someLabels, func(ctx context.Context) {
			w.offer(pooled{ctx, p.carried, p.maker, true})
			if w.script.choose(3) == 0 {
				w.read()
			}
			w.body()
			w.throw()
		})
	}))
	w.depth = depth
	w.note("}")
}

func (w *writer) ownDo() {
	ctx := w.anyCtx().ctx
	w.begin()
	w.note("ctxvar.Do {")
	depth := w.depth
	rethrowUnlessThrown(recovered(func() {
		ctxvar.Do(ctx, someLabels, func(ctx context.Context) {
			w.carry(ctx, true)
			w.body()
			w.throw()
		})
	}))
	w.depth = depth
	w.note("}")
}

func (w *writer) newContext() {
	ctx := w.anyCtx().ctx
	w.begin()
	w.note("NewContext")
	w.carry(ctxvar.NewContext(ctx), false)
}

// child returns a writer for a goroutine that w starts.
func (w *writer) child() *writer {
	w.serial++
	c := &writer{
		world: w.world, name: fmt.Sprint("g", w.serial), place: new(place), parent: w.place, state: w.state,
		turn: make(chan struct{}), depth: w.depth,
	}
	c.place.now = c
	return c
}

// goOn starts a goroutine, which has to wait for its turn.
func (w *writer) goOn() {
	if len(w.parked) > 20 {
		return
	}
	c := w.child()
	w.note("go %s", c.name)
	go func() {
		<-c.turn
		c.live()
	}()
	w.parked = append(w.parked, c)
	if w.script.choose(2) == 0 {
		w.giveTurn(len(w.parked) - 1)
	}
}

// live is the life of a writer that was started by goOn, or of the first.
func (w *writer) live() {
	rethrowUnlessThrown(recovered(func() {
		if w.script.choose(2) == 0 {
			w.read()
		}
		for range w.script.choose(12) {
			w.step()
		}
		w.read()
	}))
	w.note("ends")
	// Goroutines that are about to end must not be in the profiles of other tests.
	pprof.SetGoroutineLabels(context.Background())
	if n := len(w.parked); n > 0 {
		next := w.parked[n-1]
		w.parked = w.parked[:n-1]
		next.turn <- struct{}{}
		return
	}
	close(w.done)
}

// task runs a body in a task, and waits for it.
func (w *writer) task() {
	w.begin()
	c := w.child()
	c.begun = true
	w.note("task %s {", c.name)
	_, _ = task.Go(context.Background(), func(ctx context.Context) (int, error) {
		c.carry(ctxvar.NewContext(ctx), false)
		defer func() { _ = recover() }()
		c.body()
		return 0, nil
	}).Await(context.Background())
	w.note("}")
	w.read()
}

// gather runs two bodies as jobs.
func (w *writer) gather() {
	w.begin()
	w.note("jobs {")
	items := []int{0, 1}
	var worker place
	_, _ = gather.Map(context.Background(), items, func(_ context.Context, _ int) (int, error) {
		c := w.child()
		c.begun, c.place, worker.now = true, &worker, c
		defer func() { _ = recover() }()
		c.body()
		return 0, nil
	}, gather.Limit(1))
	w.note("}")
	w.read()
}

// handOver lets another goroutine go on.
func (w *writer) handOver() {
	if len(w.parked) > 0 {
		w.giveTurn(w.script.choose(len(w.parked)))
	}
}

func (w *writer) giveTurn(i int) {
	next := w.parked[i]
	w.parked = slices.Delete(w.parked, i, i+1)
	w.parked = append(w.parked, w)
	w.note("waits")
	next.turn <- struct{}{}
	<-w.turn
}

func (w *writer) collect() {
	if w.script.choose(8) == 0 {
		w.note("GC")
		runtime.GC()
	}
}
