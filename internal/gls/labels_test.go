package gls_test

import (
	"context"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// Labels that differ from those of the frame, even in one label or one key, stay when
// the frame is found.
func TestLabelsThatChangeInPart(t *testing.T) {
	with := func(ctx context.Context, kv ...string) context.Context {
		return pprof.WithLabels(ctx, pprof.Labels(kv...))
	}
	before := with(context.Background(), "a", "1", "k", "v")
	for reason, after := range map[string]context.Context{
		"the last has another value": with(before, "k", "new"),
		"the first has another key":  with(context.Background(), "b", "1", "k", "v"),
		"there is one more":          with(before, "z", "26"),
		"there is one less":          with(context.Background(), "a", "1"),
	} {
		onGoroutine(func() {
			pprof.SetGoroutineLabels(before)
			setValue(1, "x")
			pprof.SetGoroutineLabels(after)
			assert.Equal(t, "x", value(1), reason)
			for _, key := range []string{"a", "b", "k", "z"} {
				want, _ := pprof.Label(after, key)
				got, _ := pprof.Label(with(labelsOfGoroutine()), key)
				assert.Equal(t, want, got, "%s: %s", reason, key)
			}
		})
	}
}

// A goroutine that is known to have nothing passes that on to its children, also beside
// labels of other code.
func TestChildOfOneThatHasNothing(t *testing.T) {
	onGoroutine(func() {
		gls.Carry() // it begins
		labelWith("v")
		gls.Current()
		onGoroutine(func() {
			assert.False(t, gls.MayBeLost())
			assert.Equal(t, "v", labelK())
		})
	})
}

// A goroutine that calls [gls.Save] passes on what it has, even if that is only that
// its variables may be lost.
func TestSaveHandsDownThatVariablesMayBeLost(t *testing.T) {
	if gls.Mode == "exact" {
		t.Skip("none are lost")
	}
	onGoroutine(func() {
		labelWith("v")
		before := gls.LostCount()
		gls.Save()
		onGoroutine(func() { assert.True(t, gls.MayBeLost()) })
		assert.Equal(t, before+1, gls.LostCount(), "the child has it from its parent")
	})
}

func TestHasLabels(t *testing.T) {
	assert.False(t, gls.HasLabels(context.Background()))
	assert.False(t, gls.HasLabels(pprof.WithLabels(context.Background(), pprof.LabelSet{})))
	assert.True(t, gls.HasLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", "v"))))
}

func TestOnLost(t *testing.T) {
	if gls.Mode == "exact" {
		t.Skip("nothing is ever lost")
	}
	calls := 0
	lose := func() {
		onGoroutine(func() {
			foreign()
			gls.Current()
		})
	}
	gls.OnLost(func() { calls++ })
	lose()
	gls.OnLost(nil)
	lose()
	assert.Equal(t, 1, calls)
}

func TestInRun(t *testing.T) {
	onGoroutine(func() {
		assert.False(t, gls.InRun())
		setValue(1, "x")
		assert.False(t, gls.InRun(), "outside of any")
		var e gls.Env
		e.Run(func() {
			assert.True(t, gls.InRun())
			onGoroutine(func() { assert.False(t, gls.InRun(), "another goroutine") })
		})
		assert.False(t, gls.InRun())
	})
}
