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
	s.Bound.Key, s.Bound.Value = keyOf(key), value
	return gls.Current().Set(key, &s.Bound.Binding, &s.Frame)
}

func setDeepSole(key uint32, value any) gls.Change {
	s := new(gls.DeepSole[any])
	s.Bound.Key, s.Bound.Value = keyOf(key), value
	return gls.Current().Set(key, &s.Bound.Binding, &s.Frame)
}

// A variable that is alone is one allocation, with its frame, and what comes
// after it keeps its value for as long as that counts.
func TestSole(t *testing.T) {
	type big [1 << 16]byte
	onGoroutine(func() {
		assert.True(t, gls.Current().Alone(1), "the first one")
		assert.False(t, gls.Current().Alone(32), "not in one node")
		assert.True(t, gls.Current().Deep(32))
		assert.False(t, gls.Current().Deep(31))
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

// A variable among many is one allocation too, and Undo keeps it where the next Set
// is as cheap. What comes after it keeps its value, and no other that it came with.
func TestDeepSole(t *testing.T) {
	type big [1 << 16]byte
	onGoroutine(func() {
		for key := range uint32(100) {
			setValue(key, "other")
		}
		assert.True(t, gls.Current().Deep(1))
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
			c := setDeepSole(1, "value")
			c.Undo(1)
		}), 1.0)
		assert.Equal(t, "other", value(1))

		replaced := new(big)
		gone := weak.Make(replaced)
		setDeepSole(2, replaced)
		replaced = nil
		first := setDeepSole(1, "first")
		setDeepSole(2, "next")
		runtime.GC()
		assert.NotNil(t, gone.Value(), "first can be undone")
		assert.True(t, first.Undo(1))
		assert.Equal(t, "other", value(1))
		assert.Equal(t, "next", value(2))
		runtime.GC()
		assert.Nil(t, gone.Value())
	})
}

// What a change replaced is kept by it alone, once it has been undone, and so are no
// other values of that time.
func TestOldKeepsNothingElse(t *testing.T) {
	type big [1 << 16]byte
	onGoroutine(func() {
		for key := range uint32(100) {
			setValue(key, "other")
		}
		replaced := new(big)
		gone := weak.Make(replaced)
		setDeepSole(2, replaced)
		replaced = nil
		setDeepSole(1, "outer")
		inner := setDeepSole(1, "inner")
		assert.True(t, inner.Undo(1))
		assert.Equal(t, "outer", value(1))
		assert.Equal(t, 1.0, testing.AllocsPerRun(100, func() {
			c := setDeepSole(1, "inner")
			c.Undo(1)
		}), "after the first one")
		setDeepSole(2, "next")
		runtime.GC()
		assert.Nil(t, gone.Value())
		assert.Equal(t, "outer", gls.As[any](inner.Old()).Value)
	})
}

// Changes are undone in any order, with few and with many variables.
func TestUndoInAnyOrder(t *testing.T) {
	for _, others := range []uint32{0, 40, 1000} {
		onGoroutine(func() {
			for key := range others {
				setValue(100+key, "other")
			}
			keys := []uint32{1, 40, 132, 101, 500}
			for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}} {
				var changes []gls.Change
				var before []any
				for _, key := range keys {
					before = append(before, value(key))
					changes = append(changes, setDeepSoleIf(key, "set"))
				}
				for _, i := range order {
					assert.Equal(t, "set", value(keys[i]))
					assert.True(t, changes[i].Undo(keys[i]))
					assert.Equal(t, before[i], value(keys[i]))
				}
			}
			assert.Equal(t, int(others), gls.Current().Values().Len())
		})
	}
}

// setDeepSoleIf is setDeepSole where that can be.
func setDeepSoleIf(key uint32, v any) gls.Change {
	if gls.Current().Deep(key) {
		return setDeepSole(key, v)
	}
	return setValue(key, v)
}
