package task_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

func TestTaskGroup03CancelledChildIsNoFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var t1, t2 *task.Task[int]
		require.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			t1 = task.Go(ctx, after(time.Second, 42))
			if err := task.Sleep(ctx, 150*time.Millisecond); err != nil {
				return err
			}
			t1.Cancel(nil)
			t2 = task.Go(ctx, after(200*time.Millisecond, 11))
			return nil
		}))
		assert.Equal(t, task.Canceled, t1.State())
		requireResult(t, 11, t2)
	})
}

func TestTaskGroupCancelChildrenOnChildError(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var bodyCancelled error
		var last *task.Task[none]
		_, err := group(ctx, func(ctx context.Context) error {
			for range 3 {
				task.Go(ctx, func(context.Context) (none, error) {
					time.Sleep(100 * time.Millisecond)
					return none{}, errZero
				})
			}
			last = task.Go(ctx, after(5*time.Second, none{}))
			bodyCancelled = task.Sleep(ctx, 10*time.Second)
			return bodyCancelled
		}).Await(ctx)
		onlyErrors(t, err, 3, errZero)
		assert.ErrorIs(t, bodyCancelled, context.Canceled)
		assert.Equal(t, task.Canceled, last.State())
	})
}

func TestTaskGroupCancellation(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var cancelled atomic.Int32
		r := group(ctx, func(ctx context.Context) error {
			for range 5 {
				task.Go(ctx, func(ctx context.Context) (none, error) {
					err := task.Sleep(ctx, 5*time.Second)
					if err != nil {
						cancelled.Add(1)
					}
					return none{}, err
				})
			}
			return nil
		})
		time.Sleep(100 * time.Millisecond)
		require.False(t, r.State().Final())
		require.True(t, r.Cancel(errMine))
		_, err := r.Await(ctx)
		var ce *task.CanceledError
		require.ErrorAs(t, err, &ce)
		require.ErrorIs(t, err, errMine)
		assert.EqualValues(t, 5, cancelled.Load())
	})
}

func TestTaskGroup07CancellationReachesBodyAndChildren(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var cancelled atomic.Int32
		note := func(n int32) func(ctx context.Context) (none, error) {
			return func(ctx context.Context) (none, error) {
				err := task.Sleep(ctx, 10*time.Second)
				if err != nil {
					cancelled.Add(n)
				}
				return none{}, err
			}
		}
		r := group(ctx, func(ctx context.Context) error {
			for range 5 {
				task.Go(ctx, note(1))
			}
			_, err := note(10)(ctx)
			return err
		})
		time.Sleep(100 * time.Millisecond)
		r.Cancel(nil)
		_, err := r.Await(ctx)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, task.Canceled, r.State())
		assert.EqualValues(t, 15, cancelled.Load())
	})
}

func TestTaskGroup17CancelledWithoutChildren(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var in error
		r := group(ctx, func(ctx context.Context) error {
			in = task.Sleep(ctx, 10*time.Second)
			return in
		})
		time.Sleep(100 * time.Millisecond)
		r.Cancel(nil)
		_, err := r.Await(ctx)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, task.Canceled, r.State())
		assert.ErrorIs(t, in, context.Canceled)
	})
}

func TestTaskGroup18BodyTurnsCancellationIntoError(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		r := group(ctx, func(ctx context.Context) error {
			_ = task.Sleep(ctx, 10*time.Second)
			return errMine
		})
		time.Sleep(100 * time.Millisecond)
		r.Cancel(nil)
		_, err := r.Await(ctx)
		onlyErrors(t, err, 1, errMine)
	})
}

func TestTaskGroup22CancelledWhileItWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		r := group(ctx, func(ctx context.Context) error {
			task.Go(ctx, after(time.Second, 42))
			task.Go(ctx, after(2*time.Second, 11))
			return nil
		})
		time.Sleep(50 * time.Millisecond)
		r.Cancel(nil)
		_, err := r.Await(ctx)
		require.ErrorIs(t, err, context.Canceled)
	})
}
