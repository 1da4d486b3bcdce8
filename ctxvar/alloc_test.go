package ctxvar_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// The promises about allocations, with few and with many variables set.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, others := range []int{0, 10, 1000} {
		for i, v := range ints(others) {
			v.Set(i)
		}
		v := ctxvar.New("v", ctxvar.Default("default"))
		unset := ctxvar.New[string]("unset")
		v.Set("value")
		c := ctxvar.Copy()
		var kept *ctxvar.Context
		var got string
		for _, tt := range []struct {
			name string
			most float64
			fn   func()
		}{
			{"Get", 0, func() { got = v.Get() }},
			{"Get, unset", 0, func() { got = unset.Get() }},
			{"GetOr", 0, func() { got = v.GetOr("other") }},
			{"Lookup", 0, func() { got, _ = v.Lookup() }},
			{"MustGet", 0, func() { got = v.MustGet() }},
			{"In", 0, func() { got, _ = v.In(c) }},
			{"Contains", 0, func() { c.Contains(v) }},
			{"Len", 0, func() { c.Len() }},
			{"Copy", 1, func() { kept = ctxvar.Copy() }},
			{"Context.Copy", 1, func() { kept = c.Copy() }},
			{"Set and Reset", 2, func() { v.Set("other").Reset() }},
		} {
			assert.LessOrEqualf(t, testing.AllocsPerRun(100, tt.fn), tt.most, "%s beside %d others", tt.name, others)
		}
		_, _ = kept, got
	}
}

// A value is stored once, however large it is, and other variables may be set without
// a copy of it.
func TestLargeValueIsStoredOnce(t *testing.T) {
	small := ints(40)[39]
	v := ctxvar.New[[4096]byte]("v")
	const rounds = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range rounds {
		v.Set([4096]byte{byte(i)})
		small.Set(i)
		small.Set(i)
	}
	runtime.ReadMemStats(&after)
	assert.Less(t, int(after.TotalAlloc-before.TotalAlloc)/rounds, 2*4096)
}

// Get does not allocate for any kind of value.
func TestGetDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	getAllocatesNothing(t, 12345678)
	getAllocatesNothing(t, "value")
	getAllocatesNothing(t, []byte("value"))
	getAllocatesNothing(t, &large{})
	getAllocatesNothing(t, large{})
	getAllocatesNothing(t, empty{})
	getAllocatesNothing[any](t, 12345678)
	getAllocatesNothing[error](t, assert.AnError)
	getAllocatesNothing[error](t, nil)
}

func getAllocatesNothing[T any](t *testing.T, value T) {
	t.Helper()
	v := ctxvar.New[T]("v")
	v.Set(value)
	var got T
	assert.Zerof(t, testing.AllocsPerRun(100, func() { got = v.Get() }), "%T", value)
	_ = got
}
