package ctxvar_test

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

func TestCopyIsASnapshot(t *testing.T) {
	v := ctxvar.New[int]("v")
	v.Set(1)
	c := ctxvar.Copy()
	v.Set(2)
	requireIn(t, 1, c, v)
	c.Run(func() { v.Set(3) })
	requireIn(t, 3, c, v)
	assert.Equal(t, 2, v.Get())
}

// In a Run, Copy copies the entered Context, and the effects of a nested Run of another
// Context stay there.
func TestRunNested(t *testing.T) {
	v := ctxvar.New[string]("v")
	outer, inner := ctxvar.Empty(), ctxvar.Empty()
	outer.Run(func() {
		v.Set("outer")
		inner.Run(func() {
			requireUnset(t, v)
			v.Set("inner")
			assert.True(t, ctxvar.Copy().Equal(inner))
		})
		assert.Equal(t, "outer", v.Get())
		assert.True(t, ctxvar.Copy().Equal(outer))
	})
	requireUnset(t, v)
	requireIn(t, "outer", outer, v)
	requireIn(t, "inner", inner, v)
}

// A goroutine started in a Run has a snapshot, and does not change the Context.
func TestRunChildGoroutine(t *testing.T) {
	v := ctxvar.New[string]("v")
	c := ctxvar.Empty()
	c.Run(func() {
		v.Set("run")
		assert.Nil(t, inGoroutine(func() {
			assert.Equal(t, "run", v.Get())
			v.Set("child")
		}))
		assert.Equal(t, "run", v.Get())
		requireIn(t, "run", c, v)
	})
	requireIn(t, "run", c, v)
}

// A Context may go from goroutine to goroutine as long as it has one owner at any time.
// If several try to enter it at once, one succeeds.
func TestRunConcurrentEntry(t *testing.T) {
	v := ctxvar.New[int]("v")
	c := ctxvar.Empty()
	const goroutines, rounds = 8, 200
	var inside, entered, refused atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				value := recovered(func() {
					c.Run(func() {
						assert.Equal(t, int64(1), inside.Add(1))
						v.Set(v.Get() + 1)
						runtime.Gosched()
						inside.Add(-1)
					})
				})
				if value == nil {
					entered.Add(1)
					continue
				}
				refused.Add(1)
				err, _ := value.(error)
				assert.ErrorIs(t, err, ctxvar.ErrEntered)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, int64(goroutines*rounds), entered.Load()+refused.Load())
	got, _ := v.In(c)
	assert.Equal(t, entered.Load(), int64(got), "no update was lost")
}

// Reading a Context while another goroutine is inside returns a state in which the
// Context was: here the two variables are equal, or the first is one ahead.
func TestReadWhileInside(t *testing.T) {
	first, second := ctxvar.New[int]("first"), ctxvar.New[int]("second")
	c := ctxvar.Empty()
	c.Run(func() { first.Set(0); second.Set(0) })
	stop := make(chan struct{})
	var wg sync.WaitGroup
	read := func(c *ctxvar.Context) (int, int) {
		var a, b int
		for v, value := range c.All() {
			switch v {
			case first:
				a = value.(int)
			case second:
				b = value.(int)
			}
		}
		return a, b
	}
	for range 3 {
		wg.Go(func() {
			last := 0
			for {
				for _, source := range []func() *ctxvar.Context{
					func() *ctxvar.Context { return c }, c.Copy,
				} {
					a, b := read(source())
					if !assert.True(t, a == b || a == b+1, "a torn state: %d, %d", a, b) ||
						!assert.GreaterOrEqual(t, b, last, "an older state after a newer one") {
						return
					}
					last = b
				}
				assert.Equal(t, 2, c.Len())
				assert.True(t, c.Contains(first))
				_ = c.Equal(c)
				runtime.Gosched() // for platforms without preemption, such as wasm
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	c.Run(func() {
		for i := 1; i <= 2000; i++ {
			first.Set(i)
			second.Set(i)
		}
	})
	close(stop)
	wg.Wait()
	requireIn(t, 2000, c, second)
}

// All iterates over the state at its beginning.
func TestAllWhileSetting(t *testing.T) {
	vars := ints(10)
	c := fill(vars...)
	c.Run(func() {
		n := 0
		for v, value := range c.All() {
			n++
			assert.GreaterOrEqual(t, value, 0, v.Name())
			for _, v := range vars {
				v.Set(-1)
			}
			ctxvar.New[int]("more").Set(1)
		}
		assert.Equal(t, 10, n)
	})
}

func TestAllStopsEarly(t *testing.T) {
	c := fill(ints(100)...)
	n := 0
	for range c.All() {
		if n++; n == 3 {
			break
		}
	}
	assert.Equal(t, 3, n)
}

// Equal compares as CPython does: the same variables and equal values. It does not
// panic where Go's == would.
func TestEqual(t *testing.T) {
	v := ctxvar.New[any]("v")
	with := func(value any) *ctxvar.Context {
		c := ctxvar.Empty()
		c.Run(func() { v.Set(value) })
		return c
	}
	assert.True(t, with(1).Equal(with(1)))
	assert.False(t, with(1).Equal(with(2)))
	assert.False(t, with(1).Equal(with(int64(1))))
	assert.True(t, with(nil).Equal(with(nil)))
	assert.False(t, with(nil).Equal(ctxvar.Empty()), "set to nil is set")
	assert.True(t, with(new(int)).Equal(with(new(int))) == false, "pointers by identity")
	assert.NotPanics(t, func() { with([]int{1}).Equal(with([]int{1})) })
	assert.NotPanics(t, func() { with([]int{1}).Equal(with(map[string]int{})) })

	other := ctxvar.New[any]("v")
	c := ctxvar.Empty()
	c.Run(func() { other.Set(1) })
	assert.False(t, with(1).Equal(c), "by variable, not by name")
}

// A value is equal to itself, even if neither == nor DeepEqual says so, and however
// many variables there are, one of which was set meanwhile.
func TestEqualToItself(t *testing.T) {
	beside := ctxvar.New[int]("beside")
	other := func() { beside.Set(1) }
	one := new(int)
	for _, tt := range []struct {
		kind string
		set  func(meanwhile func())
	}{
		{"func", setter(func() { *one++ })},
		{"struct", setter(struct{ f func() }{func() { *one++ }})},
		{"any", setter[any]([]func(){func() { *one++ }})},
		{"NaN", setter(math.NaN())},
		{"array", setter([2]float64{1, math.NaN()})},
		{"nothing", setter(struct{}{})},
	} {
		ctxvar.Detach(func() {
			var before *ctxvar.Context
			other()
			tt.set(func() {
				before = ctxvar.Copy()
				other()
				assert.True(t, before.Equal(ctxvar.Copy()), tt.kind)
			})
		})
	}
}

// setter returns a function that sets a new variable to value before it calls its
// argument.
func setter[T any](value T) func(func()) {
	ints(32)
	v := ctxvar.New[T]("v")
	return func(meanwhile func()) { v.With(value, meanwhile) }
}

func TestCallReturnsWhatFnReturns(t *testing.T) {
	v := ctxvar.New[int]("v")
	c := ctxvar.Empty()
	got, err := ctxvar.Call(c, func() (int, error) {
		v.Set(7)
		return v.Get() * 6, context.Canceled
	})
	assert.Equal(t, 42, got)
	assert.Same(t, context.Canceled, err)
	requireIn(t, 7, c, v)
	requireUnset(t, v)
}

// A context.Context made by NewContext carries the values of that moment to where no
// goroutine passes them on.
func TestNewContextCarriesASnapshot(t *testing.T) {
	v := ctxvar.New[string]("v")
	type key struct{}
	var ctx context.Context
	assert.Nil(t, inGoroutine(func() {
		v.Set("carried")
		ctx = ctxvar.NewContext(context.WithValue(context.Background(), key{}, "kept"))
		v.Set("later")
	}))
	ctx, cancel := context.WithCancel(ctx)
	assert.Equal(t, "kept", ctx.Value(key{}))

	c, ok := ctxvar.FromContext(ctx)
	require.True(t, ok)
	c.Run(func() {
		assert.Equal(t, "carried", v.Get())
		v.Set("changed")
	})
	requireUnset(t, v)

	again, ok := ctxvar.FromContext(ctx)
	require.True(t, ok)
	requireIn(t, "carried", again, v)

	cancel()
	assert.ErrorIs(t, ctx.Err(), context.Canceled)
}

// FromContext returns a new Context each time, so several goroutines may run in theirs
// at once.
func TestFromContextConcurrently(t *testing.T) {
	v := ctxvar.New[int]("v")
	v.Set(100)
	ctx := ctxvar.NewContext(t.Context())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c, ok := ctxvar.FromContext(ctx)
			if !assert.True(t, ok) {
				return
			}
			c.Run(func() {
				assert.Equal(t, 100, v.Get())
				v.Set(i)
				runtime.Gosched()
				assert.Equal(t, i, v.Get())
			})
		})
	}
	wg.Wait()
}

func TestFromContextOfAForeignOne(t *testing.T) {
	c, ok := ctxvar.FromContext(context.Background())
	assert.False(t, ok)
	assert.Nil(t, c)
}

// The innermost NewContext counts, and deadlines, causes and values pass through it.
func TestNewContextNested(t *testing.T) {
	v := ctxvar.New[int]("v")
	v.Set(1)
	ctx := ctxvar.NewContext(t.Context())
	v.Set(2)
	ctx = ctxvar.NewContext(context.WithoutCancel(ctx))
	c, ok := ctxvar.FromContext(ctx)
	require.True(t, ok)
	requireIn(t, 2, c, v)

	cause := assert.AnError
	parent, cancel := context.WithCancelCause(context.Background())
	child, cancelChild := context.WithCancel(ctxvar.NewContext(parent))
	defer cancelChild()
	cancel(cause)
	<-child.Done()
	assert.Same(t, cause, context.Cause(child))
}
