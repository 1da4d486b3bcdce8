package ctxvar_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A refused Reset does not change the token, which stays valid where it belongs.
func TestMisuseLeavesToken(t *testing.T) {
	a, b := ctxvar.New[int]("a"), ctxvar.New[int]("b")
	a.Set(1)
	tok := a.Set(2)
	requirePanic[*ctxvar.TokenError](t, ctxvar.ErrTokenVar, func() { b.Reset(tok) })
	ctxvar.Copy().Run(func() {
		requirePanic[*ctxvar.TokenError](t, ctxvar.ErrTokenContext, func() { tok.Reset() })
		assert.Equal(t, 2, a.Get())
	})
	assert.Equal(t, 2, a.Get())
	tok.Reset()
	assert.Equal(t, 1, a.Get())
}

// A token belongs to the Context, not to the Run in which it was made, and not to the
// goroutine.
func TestTokenInALaterRun(t *testing.T) {
	v := ctxvar.New[int]("v")
	c := ctxvar.Empty()
	var tok *ctxvar.Token[int]
	c.Run(func() { tok = v.Set(1) })
	assert.Nil(t, inGoroutine(func() {
		c.Run(func() { tok.Reset() })
	}))
	requireNotIn(t, c, v)
}

// A copy of a Context is another Context.
func TestTokenInACopyOfItsContext(t *testing.T) {
	v := ctxvar.New[int]("v")
	c := ctxvar.Empty()
	var tok *ctxvar.Token[int]
	c.Run(func() { tok = v.Set(1) })
	c.Copy().Run(func() {
		requirePanic[*ctxvar.TokenError](t, ctxvar.ErrTokenContext, func() { tok.Reset() })
	})
}

// Tokens need not be used in the reverse order of their making: each restores the value
// that it found.
func TestTokensOutOfOrder(t *testing.T) {
	v := ctxvar.New[int]("v")
	t1 := v.Set(1)
	t2 := v.Set(2)
	t1.Reset()
	requireUnset(t, v)
	t2.Reset()
	assert.Equal(t, 1, v.Get())
}

// A token that outlives its goroutine is invalid in every other goroutine, although the
// runtime gives a new one the memory of a dead one: in an unrelated goroutine, and in a
// descendant, which has inherited the very values among which it was made.
func TestTokenAfterItsGoroutine(t *testing.T) {
	v := ctxvar.New[int]("v")
	var tok *ctxvar.Token[int]
	breed := make(chan func())
	var heir sync.WaitGroup
	assert.Nil(t, inGoroutine(func() {
		tok = v.Set(1)
		heir.Go(func() {
			for fn := range breed {
				fn()
			}
		})
	}))
	tryAll := func() {
		for range 1000 {
			value := inGoroutine(func() { tok.Reset() })
			err, _ := value.(error)
			if !assert.ErrorIs(t, err, ctxvar.ErrTokenContext) {
				return
			}
		}
	}
	tryAll()
	breed <- tryAll
	close(breed)
	heir.Wait()
}

// If two goroutines use a token at the same time, it takes effect once, and is an error
// in the other.
func TestTokenUsedByTwoGoroutines(t *testing.T) {
	for range 2000 {
		tok, got := tenant.Set("x"), make(chan any, 1)
		go func() { got <- recovered(tok.Reset) }()
		tok.Reset()
		err, _ := (<-got).(error)
		var want *ctxvar.TokenError
		require.ErrorAs(t, err, &want)
		assert.Equal(t, "none", tenant.Get())
		assert.True(t, errors.Is(err, ctxvar.ErrTokenContext) || errors.Is(err, ctxvar.ErrTokenUsed))
	}
}

func TestZeroToken(t *testing.T) {
	var err *ctxvar.TokenError
	require.ErrorAs(t, recovered(new(ctxvar.Token[string]).Reset).(error), &err)
	assert.ErrorIs(t, err, ctxvar.ErrTokenVar)
	require.ErrorAs(t, recovered(func() { tenant.Reset(new(ctxvar.Token[string])) }).(error), &err)
}

// Tokens may be used in any order, as in Python, even if the goroutine's first token is
// used before later ones.
func TestResetsOutOfOrder(t *testing.T) {
	for name, vars := range map[string][]modelVar{"one node": flatVars, "several nodes": deepVars()} {
		t.Run(name, func(t *testing.T) {
			value := inGoroutine(func() {
				first, second := vars[0], vars[3]
				outer := first.Set(1)
				inner := second.Set(2)
				last := second.Set(3)
				inner.Reset()
				outer.Reset()
				_, set := first.In(ctxvar.Copy())
				assert.False(t, set)
				last.Reset()
				assert.Equal(t, 2, second.Get(), "what it was when the last one was set")
			})
			assert.Nil(t, value)
		})
	}
}
