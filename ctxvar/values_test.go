package ctxvar_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

func TestVarReads(t *testing.T) {
	tests := []struct {
		reason     string
		v          *ctxvar.Var[string]
		set        bool
		get, getOr string
		lookup     bool
	}{
		{"unset, no default", ctxvar.New[string]("v"), false, "", "given", false},
		{"unset, a default", ctxvar.New("v", ctxvar.Default("default")), false, "default", "given", true},
		{"unset, a default of zero", ctxvar.New("v", ctxvar.Default("")), false, "", "given", true},
		{"unset, a made default", ctxvar.New("v", ctxvar.DefaultFunc(func() string { return "made" })), false, "made", "given", true},
		{"set", ctxvar.New[string]("v"), true, "set", "set", true},
		{"set over a default", ctxvar.New("v", ctxvar.Default("default")), true, "set", "set", true},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			if tt.set {
				tt.v.Set("set")
			}
			assert.Equal(t, tt.get, tt.v.Get())
			assert.Equal(t, tt.getOr, tt.v.GetOr("given"))
			got, ok := tt.v.Lookup()
			assert.Equal(t, tt.get, got)
			assert.Equal(t, tt.lookup, ok)
			if tt.lookup {
				assert.Equal(t, tt.get, tt.v.MustGet())
			} else {
				requirePanic[*ctxvar.LookupError](t, ctxvar.ErrUnset, func() { tt.v.MustGet() })
			}
			_, ok = tt.v.In(ctxvar.Copy())
			assert.Equal(t, tt.set, ok, "In knows no defaults")
		})
	}
}

// Reading a default does not set the variable.
func TestDefaultIsNotAValue(t *testing.T) {
	v := ctxvar.New("v", ctxvar.Default(1))
	assert.Equal(t, 1, v.Get())
	assert.False(t, ctxvar.Copy().Contains(v))
	tok := v.Set(2)
	_, ok := tok.OldValue()
	assert.False(t, ok)
	tok.Reset()
	assert.Equal(t, 1, v.Get())
	assert.False(t, ctxvar.Copy().Contains(v))
}

func TestDefaultFuncIsFreshEachTime(t *testing.T) {
	calls := 0
	v := ctxvar.New("v", ctxvar.DefaultFunc(func() map[string]int {
		calls++
		return map[string]int{}
	}))
	v.Get()["a"] = 1
	assert.Empty(t, v.Get(), "a default made for one reader is not shared with the next")
	assert.Empty(t, v.MustGet())
	m, ok := v.Lookup()
	assert.True(t, ok)
	assert.Empty(t, m)
	assert.Equal(t, 4, calls)

	v.Set(map[string]int{"b": 2})
	assert.Len(t, v.Get(), 1)
	assert.Nil(t, ctxvar.New[map[string]int]("w").GetOr(nil))
	v.GetOr(nil)
	assert.Equal(t, 4, calls, "not called for a variable that is set, nor by GetOr")
}

// A shared default is shared, as in Python; DefaultFunc avoids that.
func TestDefaultIsShared(t *testing.T) {
	v := ctxvar.New("v", ctxvar.Default(map[string]int{}))
	v.Get()["a"] = 1
	assert.Nil(t, inGoroutine(func() { assert.Len(t, v.Get(), 1) }))
}

// A default may itself read variables.
func TestDefaultFuncReadsVariables(t *testing.T) {
	host := ctxvar.New[string]("host")
	url := ctxvar.New("url", ctxvar.DefaultFunc(func() string { return "http://" + host.Get() }))
	host.With("a.example", func() { assert.Equal(t, "http://a.example", url.Get()) })
	assert.Equal(t, "http://", url.Get())
}

// roundTrip sets a variable of type T to value and asserts that each way of reading it
// returns value, here and in a child.
func roundTrip[T any](t *testing.T, value T) {
	t.Helper()
	v := ctxvar.New[T]("v")
	var zero T
	got, ok := v.Lookup()
	assert.Equal(t, zero, got)
	require.False(t, ok)

	check := func() {
		got, ok := v.Lookup()
		assert.True(t, ok)
		assert.Equal(t, value, got)
		assert.Equal(t, value, v.Get())
		assert.Equal(t, value, v.GetOr(zero))
		assert.Equal(t, value, v.MustGet())
	}
	tok := v.Set(value)
	check()
	assert.Nil(t, inGoroutine(check))

	c := ctxvar.Copy()
	requireIn(t, value, c, v)
	assert.Equal(t, 1, c.Len())
	for variable, held := range c.All() {
		assert.Equal(t, ctxvar.Variable(v), variable)
		assert.Equal(t, any(value), held)
	}

	old, ok := v.Set(zero).OldValue()
	assert.True(t, ok)
	assert.Equal(t, value, old)
	tok.Reset()
	requireUnset(t, v)
}

type large struct {
	name  string
	array [1000]uint64
	tail  *int
}

type empty struct{}

func TestTypesOfValues(t *testing.T) {
	t.Run("int", func(t *testing.T) { roundTrip(t, 42) })
	t.Run("bool", func(t *testing.T) { roundTrip(t, true) })
	t.Run("string", func(t *testing.T) { roundTrip(t, "value") })
	t.Run("empty string", func(t *testing.T) { roundTrip(t, "") })
	t.Run("pointer", func(t *testing.T) { roundTrip(t, new(int)) })
	t.Run("nil pointer", func(t *testing.T) { roundTrip[*int](t, nil) })
	t.Run("slice", func(t *testing.T) { roundTrip(t, []int{1, 2}) })
	t.Run("nil slice", func(t *testing.T) { roundTrip[[]int](t, nil) })
	t.Run("map", func(t *testing.T) { roundTrip(t, map[string]int{"a": 1}) })
	t.Run("channel", func(t *testing.T) { roundTrip(t, make(chan int)) })
	t.Run("interface", func(t *testing.T) { roundTrip[io.Reader](t, new(io.SectionReader)) })
	t.Run("error", func(t *testing.T) { roundTrip(t, errors.New("value")) })
	t.Run("nil error", func(t *testing.T) { roundTrip[error](t, nil) })
	t.Run("nil any", func(t *testing.T) { roundTrip[any](t, nil) })
	t.Run("typed nil in any", func(t *testing.T) { roundTrip[any](t, (*int)(nil)) })
	t.Run("zero-size struct", func(t *testing.T) { roundTrip(t, empty{}) })
	t.Run("zero-size array", func(t *testing.T) { roundTrip(t, [0]int{}) })
	t.Run("large struct", func(t *testing.T) {
		roundTrip(t, large{name: "n", array: [1000]uint64{999: 1}, tail: new(int)})
	})
	t.Run("array of pointers", func(t *testing.T) { roundTrip(t, [2]*int{1: new(int)}) })
	t.Run("generic", func(t *testing.T) { roundTrip(t, pair[string, []byte]{"k", []byte("v")}) })
	t.Run("variable", func(t *testing.T) { roundTrip(t, ctxvar.New[int]("inner")) })
	t.Run("context", func(t *testing.T) { roundTrip(t, ctxvar.Empty()) })
}

type pair[K, V any] struct {
	Key   K
	Value V
}

func TestFuncValue(t *testing.T) {
	v := ctxvar.New[func() int]("v")
	assert.Nil(t, v.Get())
	v.Set(func() int { return 42 })
	assert.Equal(t, 42, v.Get()())
}

// Set and Get copy the value, so that later changes of an array do not matter.
func TestValueIsCopied(t *testing.T) {
	v := ctxvar.New[[2]int]("v")
	array := [2]int{1, 2}
	v.Set(array)
	array[0] = 100
	assert.Equal(t, [2]int{1, 2}, v.Get())
	got := v.Get()
	got[1] = 200
	assert.Equal(t, [2]int{1, 2}, v.Get())
}

// Two instantiations of one generic declaration are two variables.
func TestGenericDeclaration(t *testing.T) {
	a, b := declare[int](), declare[string]()
	a.Set(1)
	b.Set("one")
	assert.Equal(t, 1, a.Get())
	assert.Equal(t, "one", b.Get())
}

func declare[T any]() *ctxvar.Var[T] { return ctxvar.New[T]("generic") }

// Thousands of variables, so that the trie has several levels.
func TestThousandsOfVariables(t *testing.T) {
	vars := ints(5000)
	for i, v := range vars {
		v.Set(i)
		if i%500 == 0 {
			require.Equal(t, i+1, ctxvar.Copy().Len())
		}
	}
	assert.Nil(t, inGoroutine(func() {
		for i, v := range vars {
			require.Equal(t, i, v.Get())
			v.Set(-i)
		}
	}))
	c := ctxvar.Copy()
	for i, v := range vars {
		require.Equal(t, i, v.Get())
		requireIn(t, i, c, v)
	}
	assert.Len(t, items(t, c), 5000)
}

// Variables may be declared by several goroutines at once.
func TestNewConcurrently(t *testing.T) {
	const each = 500
	made := make(chan []*ctxvar.Var[int], 4)
	for range cap(made) {
		go func() { made <- ints(each) }()
	}
	n := 0
	for range cap(made) {
		for _, v := range <-made {
			requireUnset(t, v)
			n++
			v.Set(n)
			require.Equal(t, n, ctxvar.Copy().Len(), "no two are the same variable")
		}
	}
}
