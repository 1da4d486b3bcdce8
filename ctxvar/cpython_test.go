package ctxvar_test

// The cases of CPython 3.11's Lib/test/test_context.py, each as a Go test named after
// it: test_context_run_4 is TestCPythonContextRun4. CPython tests hamt as a type of its
// own; these cases are here tests of Context, the only type through which Go shows it.
// docs/python.md lists all cases, with the reason if a case has no meaning in Go.

import (
	"errors"
	"fmt"
	"sync"
	"testing"

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
