package ctxvar_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"runtime/pprof"
	"slices"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
)

func (a *actor) set() {
	i, value := a.script.choose(len(a.vars)), a.script.choose(256)
	a.note("set %d=%d", i, value)
	tok := &modelToken{v: i, context: a.current}
	tok.old, tok.wasSet = a.current.values[i]
	tok.real = a.vars[i].Set(value)
	a.current.values[i] = value
	a.tokens = keep(a, a.tokens, tok)
}

// keep adds x to list, or replaces an element if there are many.
func keep[T any](a *actor, list []T, x T) []T {
	if len(list) < 8 {
		return append(list, x)
	}
	list[a.script.choose(len(list))] = x
	return list
}

func (v values) restore(i, old int, wasSet bool) {
	if wasSet {
		v[i] = old
	} else {
		delete(v, i)
	}
}

func (a *actor) reset() {
	if len(a.tokens) == 0 {
		return
	}
	tok := a.tokens[a.script.choose(len(a.tokens))]
	by := tok.v
	if a.script.choose(8) == 1 {
		by = a.script.choose(len(a.vars))
	}
	a.note("reset %d by %d", tok.v, by)
	var want error
	switch {
	case tok.used:
		want = ctxvar.ErrTokenUsed
	case by != tok.v:
		want = ctxvar.ErrTokenVar
	case tok.context != a.current:
		want = ctxvar.ErrTokenContext
	}
	got, _ := recovered(func() { a.vars[by].Reset(tok.real) }).(error)
	if want != nil {
		if !assert.ErrorIs(a.t, got, want) {
			a.fail("a wrong error")
		}
		return
	}
	if got != nil {
		a.fail("Reset: %v", got)
	}
	if old, ok := tok.real.OldValue(); ok != tok.wasSet || old != tok.old {
		a.fail("OldValue %d, %t; want %d, %t", old, ok, tok.old, tok.wasSet)
	}
	tok.used = true
	tok.context.values.restore(tok.v, tok.old, tok.wasSet)
}

func (a *actor) with() {
	i, value, current := a.script.choose(len(a.vars)), a.script.choose(256), a.current
	old, wasSet := current.values[i]
	defer func() { current.values.restore(i, old, wasSet) }()
	a.note("with %d=%d {", i, value)
	a.vars[i].With(value, func() {
		current.values[i] = value
		a.body()
	})
}

func (a *actor) runCopy() {
	a.runIn(&modelContext{real: ctxvar.Copy(), values: maps.Clone(a.current.values)}, "copy")
}

func (a *actor) runEmpty() { a.runIn(&modelContext{real: ctxvar.Empty(), values: values{}}, "empty") }

func (a *actor) runKept() {
	if len(a.contexts) > 0 {
		a.runIn(a.contexts[a.script.choose(len(a.contexts))], "kept")
	}
}

func (a *actor) runCarried() {
	if len(a.carriers) == 0 {
		return
	}
	from := a.carriers[a.script.choose(len(a.carriers))]
	c, ok := ctxvar.FromContext(from.ctx)
	if !ok {
		a.fail("no Context in a ctx of NewContext")
	}
	a.runIn(&modelContext{real: c, values: maps.Clone(from.values)}, "carried")
}

func (a *actor) runIn(c *modelContext, name string) {
	a.note("run %s {", name)
	a.contexts = keep(a, a.contexts, c)
	if c.entered {
		err, _ := recovered(func() { c.real.Run(func() {}) }).(error)
		if !assert.ErrorIs(a.t, err, ctxvar.ErrEntered) {
			a.fail("a wrong error")
		}
		return
	}
	previous := a.current
	defer func() { a.current, c.entered = previous, false }()
	c.real.Run(func() {
		a.current, c.entered = c, true
		a.body()
	})
}

func (a *actor) copyKept() {
	if len(a.contexts) == 0 {
		return
	}
	c := a.contexts[a.script.choose(len(a.contexts))]
	a.note("copy")
	a.contexts = keep(a, a.contexts, &modelContext{real: c.real.Copy(), values: maps.Clone(c.values)})
}

// child makes the actor of a new goroutine, in which settle must be called.
func (a *actor) child(s *script) *actor {
	return &actor{
		t: a.t, vars: a.vars, script: s, ctx: a.ctx, things: &things{carriers: slices.Clone(a.carriers)}, mayExit: true,
		current: &modelContext{values: maps.Clone(a.current.values)},
		labels:  maps.Clone(a.labels), children: a.children, trace: append(slices.Clone(a.trace), "child"),
	}
}

// settle makes a goroutine begin, in one of the two ways that let it go on with the ctx
// that pprof.Do gave to the goroutine that started it: by setting a variable, or with a
// ctx of its own.
func (a *actor) settle() {
	a.check()
	if a.script.choose(2) == 0 {
		a.ctx.ctx = ctxvar.NewContext(a.ctx.ctx)
	} else {
		a.set()
	}
}

// goAndWait runs a goroutine to its end, with the tokens, the Contexts and the
// script of this one.
func (a *actor) goAndWait() {
	if a.depth >= maxDepth {
		return
	}
	a.note("go and wait {")
	c := a.child(a.script)
	c.things, c.depth = a.things, a.depth+1
	rethrowUnlessThrown(inGoroutine(func() {
		c.settle()
		c.body()
	}))
}

// goOn starts a goroutine that runs concurrently with this one.
func (a *actor) goOn() {
	a.note("go")
	c := a.child(a.script.split())
	a.children.Go(func() {
		rethrowUnlessThrown(recovered(func() {
			c.settle()
			c.run()
		}))
	})
}

func rethrowUnlessThrown(value any) {
	if value != errThrown {
		rethrow(value)
	}
}

// pull takes turns with an iterator, which runs in a goroutine of its own.
func (a *actor) pull() {
	c := a.child(a.script.split())
	c.mayExit = false // Goexit would end the goroutine that pulls
	a.note("pull {")
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		c.settle()
		for len(c.script.rest) > 0 {
			rethrowUnlessThrown(recovered(c.step))
			c.check()
			if !yield(struct{}{}) {
				return
			}
		}
	})
	defer stop()
	for range a.script.choose(8) {
		if _, more := next(); !more {
			break
		}
		a.set()
		a.check()
	}
	a.note("}")
}

func (a *actor) newContext() {
	a.note("NewContext")
	a.ctx.ctx = ctxvar.NewContext(a.ctx.ctx)
	a.carriers = keep(a, a.carriers, carrier{a.ctx.ctx, maps.Clone(a.current.values)})
}

// someLabels chooses one or two labels, and adds them to a copy of labels.
func (a *actor) someLabels(labels map[string]string) (pprof.LabelSet, map[string]string) {
	sum := maps.Clone(labels)
	if sum == nil {
		sum = make(map[string]string)
	}
	var list []string
	for range 1 + a.script.choose(2) {
		key, value := string(rune('a'+a.script.choose(4))), fmt.Sprint(a.script.choose(10))
		list = append(list, key, value)
		sum[key] = value
	}
	return pprof.Labels(list...), sum
}

// do is pprof.Do with a ctx of ours, or ctxvar.Do with any ctx.
func (a *actor) do() {
	before := a.ctx
	outer, run := before, pprof.Do
	switch a.script.choose(4) {
	case 1:
		run = ctxvar.Do
	case 2:
		run, outer = ctxvar.Do, labelled{context.Background(), nil}
	}
	if a.script.choose(4) > 0 && len(outer.labels) == 0 {
		// If ctx has no labels, ctxvar.Do uses the goroutine's.
		run = ctxvar.Do
		outer.labels = a.labels
	} else if len(outer.labels) == 0 {
		run, outer = pprof.Do, before
	}
	set, labels := a.someLabels(outer.labels)
	a.note("do %v {", labels)
	defer func() { a.ctx, a.labels = before, outer.labels }()
	run(outer.ctx, set, func(ctx context.Context) {
		a.labels = labels
		if before.ctx == outer.ctx {
			a.ctx = labelled{ctx, labels}
		}
		a.body()
	})
}

func (a *actor) setLabels() {
	if a.script.choose(2) == 0 {
		a.note("set labels")
		pprof.SetGoroutineLabels(a.ctx.ctx)
		a.labels = a.ctx.labels
		return
	}
	set, labels := a.someLabels(a.ctx.labels)
	a.note("set labels %v", labels)
	pprof.SetGoroutineLabels(pprof.WithLabels(a.ctx.ctx, set))
	a.labels = labels
}

func (a *actor) checkLabels() {
	// A profile of all goroutines is needed for one of them, so now and then is enough.
	if a.script.choose(4) != 0 {
		return
	}
	var want []string
	for _, key := range slices.Sorted(maps.Keys(a.labels)) {
		want = append(want, key+"="+a.labels[key])
	}
	if got := ownLabels(); !slices.Equal(got, want) {
		a.fail("labels %v, want %v", got, want)
	}
}

func (a *actor) detach() {
	previous := a.current
	defer func() { a.current = previous }()
	a.note("detach {")
	ctxvar.Detach(func() {
		a.current = &modelContext{values: values{}}
		a.body()
	})
}

func (a *actor) catch() {
	a.note("catch {")
	depth := a.depth
	value := recovered(a.body)
	a.depth = depth
	rethrowUnlessThrown(value)
}

// throw leaves all scopes up to the next catch, or all of them.
func (a *actor) throw() {
	switch a.script.choose(4) {
	case 0:
		a.note("throw")
		panic(errThrown)
	case 1:
		if a.mayExit {
			a.note("Goexit")
			runtime.Goexit()
		}
	}
}
