package gls_test

import (
	"context"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/gls"
)

func foreign() {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", "v")))
}

// The next goroutine in a g takes over its cell, but nothing in it.
func TestCellOfTheOneBefore(t *testing.T) {
	for i := range 2000 {
		onGoroutine(func() {
			foreign()
			assert.Nil(t, value(1), "goroutine %d, which has not begun", i)
			setValue(2, "x")
			assert.Nil(t, value(1), "goroutine %d, which has", i)
			setValue(1, i)
		})
	}
}

// Many goroutines that begin at the same time each have a cell of their own,
// while the table grows and is swept.
func TestCellsOfMany(t *testing.T) {
	const n = 3000
	var ready, wg sync.WaitGroup
	release := make(chan struct{})
	ready.Add(n)
	for i := range n {
		wg.Go(func() {
			setValue(1, i)
			pprof.SetGoroutineLabels(context.Background())
			ready.Done()
			<-release
			assert.Equal(t, i, value(1))
		})
	}
	ready.Wait()
	runtime.GC()
	runtime.GC()
	close(release)
	wg.Wait()
}

// sessions makes values that should not be kept, and counts those that are left.
type sessions []weak.Pointer[[1 << 16]byte]

func (s *sessions) new() *[1 << 16]byte {
	b := new([1 << 16]byte)
	*s = append(*s, weak.Make(b))
	return b
}

func (s sessions) left() (n int) {
	for range 10 {
		runtime.GC()
		runtime.Gosched()
	}
	for _, p := range s {
		if p.Value() != nil {
			n++
		}
	}
	return n
}

// A goroutine that has ended is swept after the next cycle, even if its g is not used
// again, or is used by one that does not begin. So is a goroutine that ends later.
func TestCellsAreSwept(t *testing.T) {
	var s sessions
	onGoroutine(func() { setValue(1, s.new()) })
	require.Zero(t, s.left())

	var begun, wg sync.WaitGroup
	begun.Add(50) // before any of them waits
	for range 50 {
		b := s.new()
		wg.Go(func() {
			setValue(1, b)
			begun.Done()
			begun.Wait()
		})
	}
	wg.Wait()
	stop := make(chan struct{})
	for range 50 {
		wg.Go(func() { <-stop })
	}
	assert.Zero(t, s.left(), "others are in their place")
	close(stop)
	wg.Wait()

	stop = make(chan struct{})
	b := s.new()
	begun.Add(1)
	wg.Go(func() {
		setValue(1, b)
		begun.Done()
		<-stop
	})
	begun.Wait()
	b = nil
	require.NotZero(t, s.left())
	close(stop)
	wg.Wait()
	assert.Zero(t, s.left(), "one that lasted a few cycles")
}

func TestForget(t *testing.T) {
	onGoroutine(func() {
		setValue(1, "x")
		gls.Forget()
		assert.Equal(t, "x", value(1), "until labels take its place")
		if gls.Mode == "default" {
			foreign()
			assert.Nil(t, value(1))
		}
	})
}

// A goroutine that begins while its cell is swept waits for the end of the sweep.
func TestBeginDuringSweep(t *testing.T) {
	onGoroutine(func() {
		over := gls.BeingSwept()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 1000 {
				runtime.Gosched()
			}
			over()
		}()
		setValue(1, "x")
		<-done
		foreign()
		assert.Equal(t, "x", value(1))
	})
}

// Forget drops what is kept for a goroutine, even if the goroutine goes on.
func TestForgetKeepsNothing(t *testing.T) {
	if gls.Mode == "exact" {
		t.Skip("nothing is kept")
	}
	type big [1 << 16]byte
	onGoroutine(func() {
		b := new(big)
		gone := weak.Make(b)
		setValue(1, b)
		gls.Answer(nil)
		b = nil
		gls.Forget()
		gls.SetSlot(nil)
		for range 10 {
			runtime.GC()
			runtime.Gosched()
		}
		assert.Nil(t, gone.Value())
	})
}

// A Change that was undone, or that has lost its place, keeps no frame.
func TestUndoneChangeKeepsNothing(t *testing.T) {
	type big [1 << 16]byte
	other := new(big)
	gone := weak.Make(other)
	onGoroutine(func() {
		other := setValue(1, other)
		c := setValue(2, "x")
		assert.True(t, c.Undo(2))
		assert.True(t, other.Undo(1))
		defer runtime.KeepAlive(&c)
	})
	var c gls.Change
	onGoroutine(func() {
		outer := setValue(1, other)
		c = setValue(2, "x")
		assert.True(t, c.Undo(2))
		assert.True(t, outer.Undo(1))
	})
	other = nil
	for range 10 {
		runtime.GC()
		runtime.Gosched()
	}
	assert.Nil(t, gone.Value())
	assert.False(t, c.Undo(2))
}

// A Change made in a run belongs to the environment, and not to the goroutine.
func TestChangeIsOfItsEnv(t *testing.T) {
	onGoroutine(func() {
		var e, o gls.Env
		var c, outside gls.Change
		outside = setValue(1, "outside")
		e.Run(func() {
			c = setValue(1, "x")
			assert.False(t, outside.Undo(1), "in a run")
		})
		assert.False(t, c.Undo(1), "outside of the run")
		o.Run(func() { assert.False(t, c.Undo(1), "in another one") })
		onGoroutine(func() {
			e.Run(func() {
				assert.Equal(t, "x", value(1))
				assert.True(t, c.Undo(1), "in a later run, in any goroutine")
				assert.Nil(t, value(1))
			})
		})
		assert.Nil(t, valueIn(e.Frame(), 1))
		assert.True(t, outside.Undo(1))
	})
}

// The answers to pprof: no mark without variables, one mark until something is changed,
// and no labels beyond those that exist.
func TestAnswer(t *testing.T) {
	if gls.Mode == "exact" {
		onGoroutine(func() {
			setValue(1, "x")
			assert.Nil(t, gls.Answer(nil))
		})
		return
	}
	onGoroutine(func() {
		assert.Nil(t, gls.Answer(nil), "nothing to inherit")
		c := setValue(1, "x")
		first := gls.Answer(nil)
		assert.Same(t, first, gls.Answer(nil), "nothing has changed")
		assert.Same(t, first, gls.Answer(first), "nested contexts add nothing")
		labelled := pprof.WithLabels(context.Background(), pprof.Labels("k", "v")).Value(gls.PprofKeyValue)
		assert.NotSame(t, labelled, gls.Answer(labelled))
		setValue(2, "y")
		second := gls.Answer(first)
		assert.NotSame(t, first, second, "something has")
		c.Undo(1)
		assert.NotSame(t, second, gls.Answer(nil))
	})
}

// A mark counts only for children, and only as long as its maker has the same
// variables.
func TestMarkCounts(t *testing.T) {
	if gls.Mode == "exact" {
		t.Skip("there are none")
	}
	put := func(answer any) { gls.SetSlot(gls.LabelValue(answer)) }
	onGoroutine(func() {
		c := setValue(1, "parent")
		mark := gls.Answer(nil)
		put(mark)
		onGoroutine(func() { assert.Equal(t, "parent", value(1), "a child") })
		onGoroutine(func() {
			onGoroutine(func() { assert.Nil(t, value(1), "a grandchild, whose parent has not begun") })
		})
		done := make(chan struct{})
		other := make(chan any)
		go func() {
			defer close(done)
			gls.SetSlot(nil)
			onGoroutine(func() {
				put(<-other)
				assert.Nil(t, value(1), "somebody else's child")
			})
		}()
		other <- mark
		<-done
		var e gls.Env
		e.Run(func() {
			put(mark)
			onGoroutine(func() { assert.Nil(t, value(1), "in a run, which has put it aside") })
		})
		put(mark)
		onGoroutine(func() { assert.Nil(t, value(1), "after the run") })
		mark = gls.Answer(nil)
		put(mark)
		onGoroutine(func() { assert.Equal(t, "parent", value(1), "asked again") })
		c.Undo(1)
		put(mark)
		onGoroutine(func() { assert.Nil(t, value(1), "undone") })
	})
}
