package task_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// timedGroup returns the ctx of a Group with a limit of SetTimeout, whose task is in no
// cycle, and which lasts for a minute. The limit is removed after a second.
func timedGroup(ctx context.Context) context.Context {
	opened := make(chan context.Context)
	task.Go(ctx, func(ctx context.Context) (none, error) {
		return none{}, task.Group(ctx, func(ctx context.Context) error {
			task.SetTimeout(ctx, time.Hour)
			time.AfterFunc(time.Second, func() { task.SetTimeout(ctx, -1) })
			opened <- ctx
			return task.Sleep(ctx, time.Minute)
		})
	})
	return <-opened
}

// A task that waits with the ctx of a Group of another task is judged again too when the
// limit of that is removed.
func TestSetTimeoutRemovedFromAWaitOfAnotherTask(t *testing.T) {
	for name, wait := range map[string]func(own, ctx context.Context, other *task.Task[int]) error{
		"Await": func(_, ctx context.Context, other *task.Task[int]) error { return await(ctx, other) },
		"Wait": func(_, ctx context.Context, other *task.Task[int]) error {
			_, _, err := task.Wait(ctx, task.AllCompleted, other, other)
			return err
		},
		"AsCompleted": func(_, ctx context.Context, other *task.Task[int]) (err error) {
			for _, err = range task.AsCompleted(ctx, other) {
			}
			return err
		},
		"a job": func(own, ctx context.Context, other *task.Task[int]) error {
			_, err := gather.All(own, func(context.Context) (none, error) { return none{}, await(ctx, other) })
			return err
		},
		"with a Group in it": func(_, ctx context.Context, other *task.Task[int]) (err error) {
			_ = task.Group(ctx, func(ctx context.Context) error {
				err = await(ctx, other)
				return nil
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				took := elapsed()
				timed := timedGroup(ctx)
				ready := make(chan none)
				var first, second *task.Task[int]
				second = task.Go(ctx, func(ctx context.Context) (int, error) { <-ready; return 0, wait(ctx, timed, first) })
				first = task.Go(ctx, func(ctx context.Context) (int, error) { <-ready; return second.Await(ctx) })
				close(ready)
				_, err := first.Await(ctx)
				assert.ErrorIs(t, err, task.ErrDeadlock)
				assert.Equal(t, time.Second, took())
				_, _ = second.Await(ctx)
			})
		})
	}
	t.Run("Members", func(t *testing.T) {
		inBubble(t, func(t *testing.T, ctx context.Context) {
			took := elapsed()
			timed := timedGroup(ctx)
			var in task.Members
			ready := make(chan none)
			var waiter *task.Task[int]
			member := task.Go(ctx, func(ctx context.Context) (int, error) { <-ready; return waiter.Await(ctx) }, task.MemberOf(&in))
			waiter = task.Go(ctx, func(context.Context) (int, error) { return 0, in.Until(timed, make(chan struct{})) })
			close(ready)
			_, err := member.Await(ctx)
			assert.ErrorIs(t, err, task.ErrDeadlock)
			assert.Equal(t, time.Second, took())
		})
	})
}

// A task that wants its place back, until the ctx of its wait ends, is judged again too.
func TestSetTimeoutRemovedFromAWaitForAPlace(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		took := elapsed()
		timed := timedGroup(ctx)
		var cycle error
		_ = task.Group(ctx, func(group context.Context) error {
			var lender *task.Task[int]
			ready := make(chan none)
			defer close(ready)
			lender = task.Go(group, func(context.Context) (int, error) {
				<-ready
				quick := task.Go(group, func(context.Context) (int, error) { return 1, nil })
				task.Go(group, func(context.Context) (int, error) { // has the place when the lender wants it
					outside := task.Go(ctx, func(ctx context.Context) (int, error) { return lender.Await(ctx) })
					_, cycle = outside.Await(ctx)
					return 0, nil
				})
				return quick.Await(timed)
			})
			return nil
		}, task.Limit(1))
		assert.ErrorIs(t, cycle, task.ErrDeadlock)
		assert.Equal(t, time.Second, took())
	})
}

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
