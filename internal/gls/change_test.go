package gls_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/gls"
)

func TestUndoOfAnEarlierChange(t *testing.T) {
	onGoroutine(func() {
		first := gls.Set(1, "a")
		second := gls.Set(1, "b")
		gls.Set(2, "other")
		assert.True(t, second.Undo(1))
		assert.Equal(t, "a", value(1))
		assert.Equal(t, "other", value(2), "a later change stays")
		assert.True(t, first.Undo(1))
		assert.Nil(t, value(1))
		assert.Equal(t, "other", value(2))
	})
}

// A few variables fit into the frame itself.
func TestSetAllocations(t *testing.T) {
	onGoroutine(func() {
		for others := uint32(1); others < 3; others++ {
			gls.Set(others, "other")
			assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
				c := gls.Set(0, "x")
				c.Undo(0)
			}), 1.0, "beside %d others", others)
		}
	})
}
