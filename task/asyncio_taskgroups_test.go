package task_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// The cases of CPython's test_taskgroups.py, for Group. docs/python.md lists the cases
// that have no counterpart, and why.

var (
	errZero = errors.New("division by zero")
	errMine = errors.New("mine")
)

type none = struct{}

// after returns a function that takes d and returns value, or ends with its ctx.
func after[T any](d time.Duration, value T) task.Func[T] {
	return func(ctx context.Context) (T, error) { return value, task.Sleep(ctx, d) }
}

// failAfter returns a function that takes d and fails with err, or ends with its ctx.
func failAfter(d time.Duration, err error) task.Func[none] {
	return func(ctx context.Context) (none, error) {
		if err := task.Sleep(ctx, d); err != nil {
			return none{}, err
		}
		return none{}, err
	}
}

// errorsOf returns all errors of a Group.
func errorsOf(t *testing.T, err error) []error {
	t.Helper()
	var group *task.GroupError
	require.ErrorAs(t, err, &group)
	return group.Unwrap()
}

// onlyErrors checks that a Group ended with n errors, each of which is want.
func onlyErrors(t *testing.T, err error, n int, want error) {
	t.Helper()
	errs := errorsOf(t, err)
	assert.Len(t, errs, n)
	for _, err := range errs {
		assert.ErrorIs(t, err, want)
	}
}

// inBubble runs test with a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T, ctx context.Context)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, t.Context()) })
}

// group runs a Group as a task of its own, which tests cancel.
func group(ctx context.Context, body func(ctx context.Context) error) *task.Task[none] {
	return task.Go(ctx, func(ctx context.Context) (none, error) { return none{}, task.Group(ctx, body) })
}

func TestTaskGroup01(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var t1, t2 *task.Task[int]
		require.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			t1 = task.Go(ctx, after(100*time.Millisecond, 42))
			t2 = task.Go(ctx, after(200*time.Millisecond, 11))
			return nil
		}))
		requireResult(t, 42, t1)
		requireResult(t, 11, t2)
	})
}

func requireResult(t *testing.T, want int, of *task.Task[int]) {
	t.Helper()
	got, err := of.Result()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestTaskGroup02StartsWhileOthersRun(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var t1, t2 *task.Task[int]
		require.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			t1 = task.Go(ctx, after(100*time.Millisecond, 42))
			if err := task.Sleep(ctx, 150*time.Millisecond); err != nil {
				return err
			}
			t2 = task.Go(ctx, after(200*time.Millisecond, 11))
			return nil
		}))
		requireResult(t, 42, t1)
		requireResult(t, 11, t2)
	})
}

func TestTaskGroup11And12Nested(t *testing.T) {
	for name, sibling := range map[string]bool{"inner alone": false, "inner beside a task": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				r := group(ctx, func(ctx context.Context) error {
					if sibling {
						task.Go(ctx, after(10*time.Second, none{}))
					}
					return task.Group(ctx, func(ctx context.Context) error {
						for range 5 {
							task.Go(ctx, zeroAtEnd)
						}
						return task.Sleep(ctx, 10*time.Second)
					})
				})
				time.Sleep(100 * time.Millisecond)
				r.Cancel(nil)
				_, err := r.Await(ctx)
				outer := errorsOf(t, err)
				require.Len(t, outer, 1)
				onlyErrors(t, outer[0], 5, errZero)
			})
		})
	}
}

func TestTaskGroup23DropsEndedTasks(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		jobs := func() (n int) {
			for _, info := range task.Snapshot().Tasks {
				if info.Name == "job of 23" {
					n++
				}
			}
			return n
		}
		require.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			for count := range 10 {
				if err := task.Sleep(ctx, 100*time.Millisecond); err != nil {
					return err
				}
				task.Go(ctx, after(300*time.Millisecond, none{}), task.Name("job of 23"))
				if count == 5 {
					assert.Less(t, jobs(), 5)
				}
			}
			err := task.Sleep(ctx, 1350*time.Millisecond)
			assert.Zero(t, jobs())
			return err
		}))
	})
}

func TestTaskGroup24ChildStartsSiblings(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := time.Now()
		require.NoError(t, task.Group(ctx, func(group context.Context) error {
			task.Go(group, func(ctx context.Context) (none, error) {
				err := task.Sleep(ctx, 100*time.Millisecond)
				task.Go(group, after(100*time.Millisecond, none{}))
				task.Go(group, after(200*time.Millisecond, none{}))
				return none{}, err
			})
			return nil
		}))
		assert.Equal(t, 300*time.Millisecond, time.Since(began))
	})
}

func TestTaskGroup25Hydra(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var hydras atomic.Int32
		err := task.Group(ctx, func(group context.Context) error {
			var hydra task.Func[none]
			hydra = func(ctx context.Context) (none, error) {
				hydras.Add(1)
				if err := task.Sleep(ctx, 10*time.Millisecond); err != nil {
					return none{}, err
				}
				task.Go(group, hydra)
				task.Go(group, hydra)
				return none{}, nil
			}
			task.Go(group, hydra)
			task.Go(group, func(ctx context.Context) (none, error) {
				for hydras.Load() < 10 {
					if err := task.Sleep(ctx, 15*time.Millisecond); err != nil {
						return none{}, err
					}
				}
				return none{}, errZero
			})
			return nil
		})
		onlyErrors(t, err, 1, errZero)
		assert.GreaterOrEqual(t, hydras.Load(), int32(10))
	})
}

func TestTaskGroupTaskName(t *testing.T) {
	require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error {
		assert.Equal(t, "yolo", task.Go(ctx, after(0, none{}), task.Name("yolo")).Name())
		return nil
	}))
}

func TestTaskGroupTaskContext(t *testing.T) {
	v := ctxvar.New[int]("cvar")
	set := func(n int) task.Func[none] {
		return func(context.Context) (none, error) {
			v.Set(n)
			return none{}, nil
		}
	}
	require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error {
		c := ctxvar.Copy()
		_, ok := v.In(c)
		assert.False(t, ok)
		for n := 1; n <= 2; n++ {
			_, err := task.Go(ctx, set(n), task.InContext(c)).Await(ctx)
			assert.NoError(t, err)
			got, _ := v.In(c)
			assert.Equal(t, n, got)
		}
		return nil
	}))
}

func TestTaskGroupFinished(t *testing.T) {
	var group context.Context
	require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error {
		group = ctx
		return nil
	}))
	ran := false
	late := task.Go(group, func(context.Context) (none, error) { ran = true; return none{}, nil })
	_, err := late.Await(t.Context())
	require.ErrorIs(t, err, task.ErrEnded)
	require.False(t, ran)
	require.Equal(t, task.Failed, late.State())
}
