package ctxvar_test

import (
	"context"
	"runtime/pprof"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// inGoroutine runs fn in a new goroutine and waits for its end. fn may return, call
// Goexit (t.FailNow), or panic; inGoroutine returns the value of a panic.
func inGoroutine(fn func()) (panicked any) {
	done := make(chan any)
	go func() {
		var value any
		defer func() { done <- value }()
		value = recovered(fn)
	}()
	return <-done
}

// recovered returns what fn panicked with, or nil.
func recovered(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

// requirePanic asserts that fn panics with an error of type E that is target,
// and returns it.
func requirePanic[E error](t *testing.T, target error, fn func()) E {
	t.Helper()
	value := recovered(fn)
	require.NotNil(t, value, "no panic")
	err, ok := value.(error)
	require.Truef(t, ok, "panicked with %T (%v), not an error", value, value)
	require.ErrorIs(t, err, target)
	var typed E
	require.ErrorAs(t, err, &typed)
	return typed
}

// requireUnset asserts that v has neither a value nor a default here.
func requireUnset[T any](t *testing.T, v *ctxvar.Var[T]) {
	t.Helper()
	got, ok := v.Lookup()
	require.Falsef(t, ok, "%s is set, to %v", v.Name(), got)
}

// requireIn asserts that c holds want for v.
func requireIn[T any](t *testing.T, want T, c *ctxvar.Context, v *ctxvar.Var[T]) {
	t.Helper()
	got, ok := v.In(c)
	require.Truef(t, ok, "%s is not in the context", v.Name())
	require.Equal(t, want, got)
}

// requireNotIn asserts that c holds no value for v.
func requireNotIn[T any](t *testing.T, c *ctxvar.Context, v *ctxvar.Var[T]) {
	t.Helper()
	got, ok := v.In(c)
	require.Falsef(t, ok, "%s is in the context: %v", v.Name(), got)
	require.False(t, c.Contains(v))
}

// items returns what All yields for c, by variable, and checks it against Len.
func items(t *testing.T, c *ctxvar.Context) map[ctxvar.Variable]any {
	t.Helper()
	m := make(map[ctxvar.Variable]any)
	n := 0
	for v, value := range c.All() {
		m[v] = value
		n++
	}
	assert.Len(t, m, n, "All yields a variable once")
	assert.Equal(t, c.Len(), n, "Len agrees with All")
	return m
}

// names returns the sorted names of the variables that c holds.
func names(c *ctxvar.Context) []string {
	var list []string
	for v := range c.All() {
		list = append(list, v.Name())
	}
	slices.Sort(list)
	return list
}

// ints declares n variables of int with no default.
func ints(n int) []*ctxvar.Var[int] {
	vars := make([]*ctxvar.Var[int], n)
	for i := range vars {
		vars[i] = ctxvar.New[int]("int")
	}
	return vars
}

// exact reports whether goroutines have a slot for variables alone.
var exact = ctxvar.Mode() == "exact"

// inExact returns want in the exact mode. The default mode can't know the value, and
// has that of an unset variable with the default "none".
func inExact(want string) string {
	if exact {
		return want
	}
	return "none"
}

// foreignLabels labels the running goroutine as code does that knows nothing of
// variables.
func foreignLabels() {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", "v")))
}
