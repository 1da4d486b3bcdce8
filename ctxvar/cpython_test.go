package ctxvar_test

// The cases of CPython 3.11's Lib/test/test_context.py, each as a Go test
// named for it: test_context_run_4 is TestCPythonContextRun4. The cases of
// hamt, which CPython tests as a type of its own, are asked here of Context,
// the one place where Go shows it. docs/python.md lists them all, with the
// reason where a case has no meaning in Go.

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

func TestCPythonContextVarNew1(t *testing.T) {
	c := ctxvar.New[int]("aaa")
	assert.Equal(t, "aaa", c.Name())

	// hash(c) != hash('aaa'): a variable is not its name.
	other := ctxvar.New[int]("aaa")
	assert.NotSame(t, c, other)
	c.Set(1)
	requireUnset(t, other)
	assert.False(t, ctxvar.Copy().Contains(other))
}

func TestCPythonContextNew1(t *testing.T) {
	ctxvar.New[int]("set in the caller").Set(1)
	ctx := ctxvar.Empty()
	assert.Zero(t, ctx.Len())
	assert.NotSame(t, ctx, ctxvar.Empty())
}

func TestCPythonContextGetContext1(t *testing.T) {
	require.NotNil(t, ctxvar.Copy())
	assert.NotSame(t, ctxvar.Copy(), ctxvar.Copy())
}

func TestCPythonContextRun2(t *testing.T) {
	ctx := ctxvar.Empty()
	for i := range 3 {
		got, err := ctxvar.Call(ctx, func() (string, error) { return fmt.Sprint(i, "bar"), nil })
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprint(i, "bar"), got)
	}
}

func TestCPythonContextRun3(t *testing.T) {
	ctx := ctxvar.Empty()
	zeroDivision := errors.New("division by zero")
	for range 3 {
		_, err := ctxvar.Call(ctx, func() (int, error) { return 0, zeroDivision })
		assert.Same(t, zeroDivision, err)
		assert.Same(t, zeroDivision, recovered(func() { ctx.Run(func() { panic(zeroDivision) }) }))
	}
}

func TestCPythonContextRun4(t *testing.T) {
	ctx1 := ctxvar.Empty()
	ctx2 := ctxvar.Empty()
	v := ctxvar.New[string]("var")

	func2 := func() { assert.Equal(t, "None", v.GetOr("None")) }
	func1 := func() (*ctxvar.Context, error) {
		assert.Equal(t, "None", v.GetOr("None"))
		v.Set("spam")
		ctx2.Run(func2)
		assert.Equal(t, "spam", v.GetOr("None"))

		cur := ctxvar.Copy()
		assert.Equal(t, 1, cur.Len())
		requireIn(t, "spam", cur, v)
		return cur, nil
	}

	returned, err := ctxvar.Call(ctx1, func1)
	require.NoError(t, err)
	assert.True(t, ctx1.Equal(returned))
	requireIn(t, "spam", returned, v)
	assert.True(t, returned.Contains(v))
}

func TestCPythonContextRun5(t *testing.T) {
	ctx := ctxvar.Empty()
	v := ctxvar.New[string]("var")
	zeroDivision := errors.New("division by zero")

	assert.Same(t, zeroDivision, recovered(func() {
		ctx.Run(func() {
			requireUnset(t, v)
			v.Set("spam")
			panic(zeroDivision)
		})
	}))
	requireUnset(t, v)
}

func TestCPythonContextRun6(t *testing.T) {
	ctx := ctxvar.Empty()
	c := ctxvar.New("a", ctxvar.Default(0))

	ctx.Run(func() {
		assert.Equal(t, 0, c.Get())
		requireNotIn(t, ctx, c)

		c.Set(42)
		assert.Equal(t, 42, c.Get())
		requireIn(t, 42, ctx, c)
	})
}

func TestCPythonContextRun7(t *testing.T) {
	ctx := ctxvar.Empty()
	ran := false
	ctx.Run(func() {
		requirePanic[*ctxvar.EnterError](t, ctxvar.ErrEntered, func() {
			ctx.Run(func() { ran = true })
		})
	})
	assert.False(t, ran)
}

func TestCPythonContextGetset1(t *testing.T) {
	c := ctxvar.New[any]("c")
	requirePanic[*ctxvar.LookupError](t, ctxvar.ErrUnset, func() { c.MustGet() })
	requireUnset(t, c)
	assert.Nil(t, c.GetOr(nil))

	t0 := c.Set(42)
	assert.Equal(t, 42, c.MustGet())
	assert.Equal(t, 42, c.GetOr(nil))
	_, ok := t0.OldValue()
	assert.False(t, ok, "Token.MISSING")
	assert.Same(t, c, t0.Var())

	t1 := c.Set("spam")
	assert.Equal(t, "spam", c.MustGet())
	assert.Equal(t, "spam", c.GetOr(nil))
	old, ok := t1.OldValue()
	assert.True(t, ok)
	assert.Equal(t, 42, old)
	c.Reset(t1)

	assert.Equal(t, 42, c.MustGet())
	assert.Equal(t, 42, c.GetOr(nil))

	c.Set("spam2")
	requirePanic[*ctxvar.TokenError](t, ctxvar.ErrTokenUsed, func() { c.Reset(t1) })
	assert.Equal(t, "spam2", c.MustGet())

	ctx1 := ctxvar.Copy()
	assert.True(t, ctx1.Contains(c))

	c.Reset(t0)
	requirePanic[*ctxvar.TokenError](t, ctxvar.ErrTokenUsed, func() { c.Reset(t0) })
	requireUnset(t, c)

	assert.True(t, ctx1.Contains(c))
	requireIn[any](t, "spam2", ctx1, c)
	assert.Equal(t, 1, ctx1.Len())
	assert.Equal(t, map[ctxvar.Variable]any{c: "spam2"}, items(t, ctx1))

	ctx2 := ctxvar.Copy()
	requireNotIn(t, ctx2, c)
	assert.Zero(t, ctx2.Len())
	assert.Empty(t, items(t, ctx2))
}

func TestCPythonContextGetset2(t *testing.T) {
	v1 := ctxvar.New[int]("v1")
	v2 := ctxvar.New[int]("v2")

	t1 := v1.Set(42)
	requirePanic[*ctxvar.TokenError](t, ctxvar.ErrTokenVar, func() { v2.Reset(t1) })
	requireUnset(t, v2)
}

func TestCPythonContextGetset3(t *testing.T) {
	c := ctxvar.New("c", ctxvar.Default(42))
	ctx := ctxvar.Empty()

	ctx.Run(func() {
		assert.Equal(t, 42, c.Get())
		requireNotIn(t, ctx, c)
		assert.Empty(t, items(t, ctx))

		tok := c.Set(1)
		assert.Equal(t, map[ctxvar.Variable]any{c: 1}, items(t, ctx))
		requireIn(t, 1, ctx, c)

		c.Reset(tok)
		assert.Empty(t, items(t, ctx))
		requireNotIn(t, ctx, c)
	})
}

func TestCPythonContextGetset4(t *testing.T) {
	c := ctxvar.New("c", ctxvar.Default(42))
	ctx := ctxvar.Empty()

	tok, err := ctxvar.Call(ctx, func() (*ctxvar.Token[int], error) { return c.Set(1), nil })
	require.NoError(t, err)

	requirePanic[*ctxvar.TokenError](t, ctxvar.ErrTokenContext, func() { c.Reset(tok) })
}

func TestCPythonContextGetset5(t *testing.T) {
	c := ctxvar.New("c", ctxvar.Default(&[]int{42}))
	c.Set(new([]int))

	ctxvar.Copy().Run(func() {
		c.Set(new([]int))
		list := c.Get()
		*list = append(*list, 42)
		assert.Equal(t, []int{42}, *c.Get())
	})
	assert.Empty(t, *c.Get())
}

func TestCPythonContextCopy1(t *testing.T) {
	ctx1 := ctxvar.Empty()
	c := ctxvar.New("c", ctxvar.Default(42))

	ctx2Fun := func() {
		assert.Equal(t, 10, c.Get())
		c.Set(30)
		assert.Equal(t, 30, c.Get())
	}
	ctx1.Run(func() {
		c.Set(10)

		ctx2 := ctx1.Copy()
		requireIn(t, 10, ctx2, c)

		c.Set(20)
		requireIn(t, 20, ctx1, c)
		requireIn(t, 10, ctx2, c)

		ctx2.Run(ctx2Fun)
		requireIn(t, 20, ctx1, c)
		requireIn(t, 30, ctx2, c)
	})
}

func TestCPythonContextThreads1(t *testing.T) {
	cvar := ctxvar.New[int]("cvar")

	// Each of the ten waits for all the others between its Set and its Get,
	// where CPython's case sleeps and hopes that they overlap.
	const workers, rounds = 10, 10
	var meet sync.WaitGroup
	var barriers [rounds]sync.WaitGroup
	for i := range barriers {
		barriers[i].Add(workers)
	}
	for num := range workers {
		meet.Go(func() {
			for i := range rounds {
				cvar.Set(num + i)
				barriers[i].Done()
				barriers[i].Wait()
				assert.Equal(t, num+i, cvar.Get())
			}
		})
	}
	meet.Wait()
	requireUnset(t, cvar)
}

// fill returns a new Context in which each of vars is set to its position.
func fill(vars ...*ctxvar.Var[int]) *ctxvar.Context {
	c := ctxvar.Empty()
	c.Run(func() {
		for i, v := range vars {
			v.Set(i)
		}
	})
	return c
}

func TestCPythonHamtBasics2(t *testing.T) {
	a, b := ctxvar.New[string]("a"), ctxvar.New[int]("b")
	h := ctxvar.Empty()
	assert.Zero(t, h.Len())

	h2 := h.Copy()
	h2.Run(func() { a.Set("b") })
	assert.Zero(t, h.Len())
	assert.Equal(t, 1, h2.Len())
	requireNotIn(t, h, a)
	requireIn(t, "b", h2, a)

	h3 := h2.Copy()
	h3.Run(func() { b.Set(10) })
	assert.Zero(t, h.Len())
	assert.Equal(t, 1, h2.Len())
	assert.Equal(t, 2, h3.Len())
	requireIn(t, "b", h3, a)
	requireIn(t, 10, h3, b)
	requireNotIn(t, h, b)
	requireNotIn(t, h2, b)
}

func TestCPythonHamtBasics4(t *testing.T) {
	key := ctxvar.New[*[]int]("key")
	h1 := ctxvar.Empty()
	h1.Run(func() { key.Set(new([]int)) })
	h2 := h1.Copy()
	h2.Run(func() { key.Set(new([]int)) })

	one, _ := key.In(h1)
	two, _ := key.In(h2)
	assert.NotSame(t, one, two)
	assert.Equal(t, 1, h1.Len())
	assert.Equal(t, 1, h2.Len())
}

// Numbers do not collide, so what is left of the case is that each version
// keeps what it was, at every depth.
func TestCPythonHamtCollision1(t *testing.T) {
	vars := ints(5000)
	k1, k2, k3 := vars[0], vars[1], vars[4999]

	h := ctxvar.Empty()
	with := func(h *ctxvar.Context, v *ctxvar.Var[int], value int) *ctxvar.Context {
		next := h.Copy()
		next.Run(func() { v.Set(value) })
		return next
	}
	h2 := with(h, k1, 1)
	h3 := with(h2, k2, 2)
	h4 := with(h3, k2, 22)
	h5 := with(h4, k3, 3)

	for i, want := range []map[ctxvar.Variable]any{
		{}, {k1: 1}, {k1: 1, k2: 2}, {k1: 1, k2: 22}, {k1: 1, k2: 22, k3: 3},
	} {
		assert.Equal(t, want, items(t, []*ctxvar.Context{h, h2, h3, h4, h5}[i]))
	}
}

// The deepest tree there can be has its variables as far apart as can be.
func TestCPythonHamtCollision3(t *testing.T) {
	c := ctxvar.New[int]("C")
	ints(40_000)
	d := ctxvar.New[int]("D")
	ints(2000)
	e := ctxvar.New[int]("E")

	assert.Equal(t, []string{"C", "D", "E"}, names(fill(c, d, e)))
}

func TestCPythonHamtStress(t *testing.T) {
	const size, checkEvery = 7000, 647
	vars := ints(size)
	h := ctxvar.Empty()
	want := make(map[ctxvar.Variable]any)
	tokens := make([]*ctxvar.Token[int], size)

	// CPython keeps the half-deleted tree by holding on to it, we by a copy.
	var half *ctxvar.Context
	var wantHalf map[ctxvar.Variable]any
	h.Run(func() {
		for i, v := range vars {
			tokens[i] = v.Set(i)
			want[v] = i
			require.Equal(t, len(want), h.Len())
			if i%checkEvery == 0 {
				require.Equal(t, want, items(t, h))
			}
		}
		for i, v := range vars {
			require.Equal(t, i, v.MustGet())
		}
		for n, i := range rand.Perm(size) {
			vars[i].Reset(tokens[i])
			requireUnset(t, vars[i])
			delete(want, vars[i])
			require.Equal(t, len(want), h.Len())
			if n == size/2 {
				half = h.Copy()
				wantHalf = items(t, half)
			}
			if n%checkEvery == 0 {
				require.Equal(t, want, items(t, h))
			}
		}
	})
	assert.Zero(t, h.Len())
	assert.Empty(t, items(t, h))
	assert.Len(t, wantHalf, size-size/2-1)
	assert.Equal(t, wantHalf, items(t, half))
}

// The five cases of delete differ in the shapes that the hashes make. Here
// the gaps between the variables' numbers make them.
func TestCPythonHamtDelete(t *testing.T) {
	for name, gaps := range map[string][]int{
		"1: one node":              {0, 0, 0, 0, 0},
		"2: two in a node below":   {0, 1000, 0, 1000, 0},
		"3: nodes of one":          {40, 40, 40, 40, 40},
		"4: nodes below nodes":     {1100, 1100, 40, 0, 1100},
		"5: more than one node of": {0, 0, 33, 0, 33, 0, 33, 0, 33, 0, 33, 0, 33, 0, 33, 0, 33, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var vars []*ctxvar.Var[int]
			for _, gap := range gaps {
				ints(gap)
				vars = append(vars, ctxvar.New[int]("kept"))
			}
			never := ctxvar.New[int]("never set")
			for range 10 {
				want := make(map[ctxvar.Variable]any)
				tokens := make(map[int]*ctxvar.Token[int])
				h := ctxvar.Empty()
				h.Run(func() {
					for i, v := range vars {
						tokens[i] = v.Set(i)
						want[v] = i
					}
					for _, i := range rand.Perm(len(vars)) {
						tokens[i].Reset()
						delete(want, vars[i])
						require.Equal(t, want, items(t, h))
						requireNotIn(t, h, never)
					}
				})
				require.Zero(t, h.Len())
			}
		})
	}
}

func TestCPythonHamtItems1(t *testing.T) {
	vars := ints(6)
	want := make(map[ctxvar.Variable]any)
	for i, v := range vars {
		want[v] = i
	}
	assert.Equal(t, want, items(t, fill(vars...)))
}

func TestCPythonHamtItems2(t *testing.T) {
	vars := ints(3000)
	vars = []*ctxvar.Var[int]{vars[0], vars[1], vars[100], vars[101], vars[1100], vars[2999]}
	want := make(map[ctxvar.Variable]any)
	for i, v := range vars {
		want[v] = i
	}
	assert.Equal(t, want, items(t, fill(vars...)))
}

func TestCPythonHamtKeys1(t *testing.T) {
	var vars []*ctxvar.Var[int]
	for _, name := range []string{"A", "B", "C", "D", "E", "F"} {
		vars = append(vars, ctxvar.New[int](name))
		ints(20)
	}
	assert.Equal(t, []string{"A", "B", "C", "D", "E", "F"}, names(fill(vars...)))
}

func TestCPythonHamtItems3(t *testing.T) {
	assert.Empty(t, items(t, ctxvar.Empty()))
}

func TestCPythonHamtEq1(t *testing.T) {
	vars := ints(121)
	a, b, c, d, e := vars[0], vars[1], vars[100], vars[101], vars[120]
	h1 := fill(a, b, c, d)
	requireEqual := func(want bool, h2 *ctxvar.Context) {
		t.Helper()
		assert.Equal(t, want, h1.Equal(h2))
		assert.Equal(t, want, h2.Equal(h1))
	}

	h2 := ctxvar.Empty()
	requireEqual(false, h2)
	h2.Run(func() {
		for i, v := range []*ctxvar.Var[int]{a, b, c} {
			v.Set(i)
			requireEqual(false, h2)
		}
		d.Set(-1)
		requireEqual(false, h2)
		tokD := d.Set(3)
		requireEqual(true, h2)
		tokE := e.Set(4)
		requireEqual(false, h2)
		tokE.Reset()
		requireEqual(true, h2)
		tokD.Reset()
		requireEqual(false, h2)
		e.Set(3)
		requireEqual(false, h2)
	})
	assert.True(t, h1.Equal(h1))
	assert.True(t, ctxvar.Empty().Equal(ctxvar.Empty()))
}

// A value that is reached from the Context that holds it is garbage all the
// same once nothing else holds the Context.
func TestCPythonHamtGC1(t *testing.T) {
	type node struct {
		links []any
	}
	v := ctxvar.New[*node]("cycle")
	gone := func() weak.Pointer[node] {
		h := ctxvar.Empty()
		n := &node{}
		n.links = []any{n, h}
		h.Run(func() { v.Set(n) })
		return weak.Make(n)
	}()
	requireCollected(t, gone)
}

// As is one that an unfinished iteration has been over.
func TestCPythonHamtGC2(t *testing.T) {
	type node struct{ in *ctxvar.Context }
	v := ctxvar.New[*node]("held by an iterator")
	gone := func() weak.Pointer[node] {
		h := ctxvar.Empty()
		n := &node{in: h}
		h.Run(func() { v.Set(n) })
		for range h.All() {
			break
		}
		return weak.Make(n)
	}()
	requireCollected(t, gone)
}

func TestCPythonHamtIn1(t *testing.T) {
	a, b := ctxvar.New[int]("A"), ctxvar.New[int]("B")
	h := fill(a)
	assert.True(t, h.Contains(a))
	assert.False(t, h.Contains(b))
}

func TestCPythonHamtGetitem1(t *testing.T) {
	a, b := ctxvar.New[int]("A"), ctxvar.New[int]("B")
	h := ctxvar.Empty()
	h.Run(func() { a.Set(1) })
	requireIn(t, 1, h, a)
	requireNotIn(t, h, b)
}

// test_context_var_repr_1
func TestContextVarRepr1(t *testing.T) {
	c := ctxvar.New[int]("a")
	assert.Contains(t, fmt.Sprint(c), "a")

	c = ctxvar.New("a", ctxvar.Default(123))
	assert.Contains(t, fmt.Sprint(c), "123")

	lst := make([]any, 1)
	v := ctxvar.New[any]("a", ctxvar.Default[any](lst))
	lst[0] = v
	assert.Contains(t, fmt.Sprint(v), "...")
	assert.Contains(t, fmt.Sprint(lst), "...")

	tok := v.Set(1)
	assert.Contains(t, fmt.Sprint(tok), fmt.Sprint(v))
	assert.NotContains(t, fmt.Sprint(tok), " used ")
	tok.Reset()
	assert.Contains(t, fmt.Sprint(tok), " used ")
}
