package task_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

func TestAsCompletedYieldsATaskOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		one := task.Go(ctx, after(time.Second, 1))
		n := 0
		for range task.AsCompleted(ctx, one, one) {
			n++
		}
		assert.Equal(t, 1, n)
	})
}

// What ended the task was not the limit of WaitFor, which passed when it was being
// cancelled already.
func TestWaitForATaskThatSomebodyElseCancelled(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		enough := errors.New("enough")
		slow := task.Go(ctx, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			time.Sleep(time.Minute)
			return 0, ctx.Err()
		})
		slow.Cancel(enough)
		_, err := task.WaitFor(ctx, slow, time.Second)
		require.ErrorIs(t, err, enough)
		var limit *task.TimeoutError
		assert.False(t, errors.As(err, &limit), "%v", err)
	})
}

func TestRemoveALimitThatIsNotThere(t *testing.T) {
	err := task.Group(t.Context(), func(ctx context.Context) error {
		assert.True(t, task.SetTimeout(ctx, -1))
		assert.True(t, task.SetTimeout(ctx, time.Hour))
		assert.True(t, task.SetTimeout(ctx, -1))
		assert.True(t, task.SetTimeout(ctx, -1))
		return nil
	})
	require.NoError(t, err)
}
