package gls_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/gls"
)

func TestUndoOfAnEarlierChange(t *testing.T) {
	onGoroutine(func() {
		first := setValue(1, "a")
		second := setValue(1, "b")
		setValue(2, "other")
		assert.True(t, second.Undo(1))
		assert.Equal(t, "a", value(1))
		assert.Equal(t, "other", value(2), "a later change stays")
		assert.True(t, first.Undo(1))
		assert.Nil(t, value(1))
		assert.Equal(t, "other", value(2))
	})
}

// What holds up to 32 variables is part of the frame.
func TestSetAllocations(t *testing.T) {
	onGoroutine(func() {
		b := new(gls.Binding)
		for others := uint32(1); others < 32; others++ {
			setValue(others, "other")
			assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
				c := gls.Current().Set(0, b, nil)
				c.Undo(0)
			}), 1.0, "beside %d others", others)
		}
	})
}

func setSole(key uint32, value any) gls.Change {
	s := new(gls.Sole[any])
	s.Bound.Value = value
	return gls.Current().Set(key, &s.Bound.Binding, &s.Frame)
}

// A variable that is alone is one allocation, with its frame, and what comes
// after it keeps its value for as long as that counts.
func TestSole(t *testing.T) {
	type big [1 << 16]byte
	onGoroutine(func() {
		assert.True(t, gls.Current().Alone(1), "the first one")
		assert.False(t, gls.Current().Alone(32), "not in one node")
		value1 := new(big)
		setSole(1, value1)
		assert.Same(t, value1, value(1))
		assert.True(t, gls.Current().Alone(1), "the only one")
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
			c := setSole(1, value1)
			c.Undo(1)
		}), 1.0)
		gone := weak.Make(value1)
		value1 = nil
		setValue(2, "other")
		assert.False(t, gls.Current().Alone(1), "beside another")
		assert.NotNil(t, value(1))
		setValue(1, "next")
		runtime.GC()
		assert.Nil(t, gone.Value())
		assert.Equal(t, "other", value(2))
	})
}
