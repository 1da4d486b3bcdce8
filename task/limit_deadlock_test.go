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

// inCycle runs use in a task, with the ctx of a Group in it and with another task, which
// waits for the first one already. It returns what use returned.
func inCycle(t *testing.T, ctx context.Context, use func(ctx context.Context, other *task.Task[int]) error) (err error) {
	t.Helper()
	var first, other *task.Task[int]
	ready := make(chan none)
	first = task.Go(ctx, func(ctx context.Context) (int, error) {
		<-ready
		synctest.Wait()
		_ = task.Group(ctx, func(ctx context.Context) error {
			err = use(ctx, other)
			return nil
		})
		return 7, nil
	})
	other = task.Go(ctx, func(ctx context.Context) (int, error) { return first.Await(ctx) })
	close(ready)
	v, errOther := other.Await(ctx)
	assert.Equal(t, 7, v)
	require.NoError(t, errOther)
	return err
}

// await awaits t, and returns only the error.
func await(ctx context.Context, t *task.Task[int]) error {
	_, err := t.Await(ctx)
	return err
}

// A wait that a limit of SetTimeout ends is no deadlock: the limit is one of the wait if
// it is that of a Group in the waiting task.
func TestSetTimeoutEndsAWaitInACycle(t *testing.T) {
	for name, use := range map[string]func(ctx context.Context, other *task.Task[int]) error{
		"the Group's ctx": await,
		"one with a value": func(ctx context.Context, other *task.Task[int]) error {
			return await(context.WithValue(ctx, none{}, 1), other)
		},
		"a derived one": func(ctx context.Context, other *task.Task[int]) error {
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			return await(context.WithValue(ctx, none{}, 1), other)
		},
		"one of a user's type": func(ctx context.Context, other *task.Task[int]) error {
			return await(struct{ context.Context }{ctx}, other)
		},
		"a Group in it": func(ctx context.Context, other *task.Task[int]) (err error) {
			_ = task.Group(ctx, func(ctx context.Context) error {
				err = await(ctx, other)
				return nil
			})
			return err
		},
		"a Group with a derived ctx": func(ctx context.Context, other *task.Task[int]) (err error) {
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			_ = task.Group(ctx, func(ctx context.Context) error {
				err = await(ctx, other)
				return nil
			})
			return err
		},
		"a job": func(ctx context.Context, other *task.Task[int]) error {
			_, err := gather.All(ctx, func(ctx context.Context) (none, error) { return none{}, await(ctx, other) })
			return err
		},
		"Wait": func(ctx context.Context, other *task.Task[int]) error {
			_, _, err := task.Wait(ctx, task.AllCompleted, other)
			return err
		},
		"AsCompleted": func(ctx context.Context, other *task.Task[int]) (err error) {
			for _, err = range task.AsCompleted(ctx, other) {
			}
			return err
		},
		"a limit that is moved": func(ctx context.Context, other *task.Task[int]) error {
			require.True(t, task.SetTimeout(ctx, time.Hour))
			require.True(t, task.SetTimeout(ctx, time.Minute))
			return await(ctx, other)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				took := elapsed()
				err := inCycle(t, ctx, func(ctx context.Context, other *task.Task[int]) error {
					require.True(t, task.SetTimeout(ctx, time.Minute))
					return use(ctx, other)
				})
				assert.NotErrorIs(t, err, task.ErrDeadlock)
				var limit *task.TimeoutError
				assert.ErrorAs(t, err, &limit)
				assert.Equal(t, time.Minute, took())
			})
		})
	}
}

func TestSetTimeoutDoesNotEndAWaitInACycle(t *testing.T) {
	for name, use := range map[string]func(ctx context.Context, other *task.Task[int]) error{
		"without cancel": func(ctx context.Context, other *task.Task[int]) error {
			return await(context.WithoutCancel(ctx), other)
		},
		"derived from that": func(ctx context.Context, other *task.Task[int]) error {
			ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
			defer stop()
			return await(ctx, other)
		},
		"a shielded Group in it": func(ctx context.Context, other *task.Task[int]) (err error) {
			_ = task.Group(ctx, func(ctx context.Context) error {
				err = await(ctx, other)
				return nil
			}, task.Shielded())
			return err
		},
		"a Group with a ctx that does not end": func(ctx context.Context, other *task.Task[int]) (err error) {
			_ = task.Group(context.WithoutCancel(ctx), func(ctx context.Context) error {
				err = await(ctx, other)
				return nil
			})
			return err
		},
		"a removed limit": func(ctx context.Context, other *task.Task[int]) error {
			require.True(t, task.SetTimeout(ctx, -1))
			return await(ctx, other)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				took := elapsed()
				err := inCycle(t, ctx, func(ctx context.Context, other *task.Task[int]) error {
					require.True(t, task.SetTimeout(ctx, time.Minute))
					return use(ctx, other)
				})
				assert.ErrorIs(t, err, task.ErrDeadlock)
				assert.Zero(t, took())
			})
		})
	}
	t.Run("the limit of a scope around the task", func(t *testing.T) {
		inBubble(t, func(t *testing.T, ctx context.Context) {
			err := task.Group(ctx, func(ctx context.Context) error {
				require.True(t, task.SetTimeout(ctx, time.Minute))
				return inCycle(t, ctx, await)
			})
			assert.ErrorIs(t, err, task.ErrDeadlock)
		})
	})
}

// Somebody removes the limit when the cycle is closed already.
func TestSetTimeoutRemovedFromACycle(t *testing.T) {
	for name, use := range map[string]func(ctx context.Context, other *task.Task[int]) error{
		"Await": await,
		"Wait": func(ctx context.Context, other *task.Task[int]) error {
			_, _, err := task.Wait(ctx, task.AllCompleted, other, other)
			return err
		},
		"AsCompleted": func(ctx context.Context, other *task.Task[int]) (err error) {
			for _, err = range task.AsCompleted(ctx, other) {
			}
			return err
		},
		"a job": func(ctx context.Context, other *task.Task[int]) error {
			_, err := gather.All(ctx, func(ctx context.Context) (none, error) { return none{}, await(ctx, other) })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				took := elapsed()
				err := inCycle(t, ctx, func(ctx context.Context, other *task.Task[int]) error {
					require.True(t, task.SetTimeout(ctx, time.Minute))
					time.AfterFunc(time.Second, func() { task.SetTimeout(ctx, -1) })
					return use(ctx, other)
				})
				assert.ErrorIs(t, err, task.ErrDeadlock)
				assert.Equal(t, time.Second, took())
			})
		})
	}
}
