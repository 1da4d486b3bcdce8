package task_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A limit of the scope that two tasks are in, at any depth, does not end their wait for one
// another without ending them, so they need not wait for it.
func TestDeadlockFarBelowALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := task.Group(t.Context(), func(outer context.Context) error {
			require.True(t, task.SetTimeout(outer, time.Hour))
			return task.Group(outer, func(inner context.Context) error {
				ready := make(chan none)
				var a, b *task.Task[none]
				a = task.Start(inner, func(context.Context) error { <-ready; _, err := b.Await(outer); return err })
				b = task.Start(inner, func(context.Context) error { <-ready; _, err := a.Await(outer); return err })
				close(ready)
				return nil
			})
		})
		require.ErrorIs(t, err, task.ErrDeadlock)
		assert.Zero(t, time.Since(start))
	})
}
