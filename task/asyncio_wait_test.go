package task_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// --- wait

type waitCase struct {
	python  string // the case of CPython
	when    task.When
	tasks   func(ctx context.Context) []*task.Task[none]
	limit   time.Duration // 0: none
	done    []int
	pending []int
	took    time.Duration
	failed  error
}

func sleepers(ds ...time.Duration) func(context.Context) []*task.Task[none] {
	return func(ctx context.Context) (tasks []*task.Task[none]) {
		for _, d := range ds {
			tasks = append(tasks, task.Go(ctx, after(d, none{})))
		}
		return tasks
	}
}

func TestWait(t *testing.T) {
	failing := func(d time.Duration) func(context.Context) []*task.Task[none] {
		return func(ctx context.Context) []*task.Task[none] {
			return []*task.Task[none]{task.Go(ctx, failAfter(d, errZero)), task.Go(ctx, after(10*time.Second, none{}))}
		}
	}
	twice := func(ctx context.Context) []*task.Task[none] {
		child := task.Go(ctx, after(tenth, none{}))
		return []*task.Task[none]{child, child, task.Go(ctx, after(0, none{}))}
	}
	canceled := func(ctx context.Context) []*task.Task[none] {
		tasks := sleepers(time.Hour, tenth)(ctx)
		tasks[0].Cancel(nil)
		return tasks
	}
	tests := []waitCase{
		{python: "test_wait", when: task.AllCompleted, tasks: sleepers(tenth, 15*hundredth), done: []int{0, 1}, took: 15 * hundredth},
		{python: "test_wait_duplicate_coroutines", when: task.AllCompleted, tasks: twice, done: []int{0, 2}, took: tenth},
		{python: "test_wait_first_completed", when: task.FirstCompleted, tasks: sleepers(10*time.Second, tenth), done: []int{1}, pending: []int{0}, took: tenth},
		{python: "test_wait_first_exception", when: task.FirstError, tasks: failing(0), done: []int{0}, pending: []int{1}},
		{python: "test_wait_first_exception_in_wait", when: task.FirstError, tasks: failing(hundredth), done: []int{0}, pending: []int{1}, took: hundredth},
		{python: "FIRST_EXCEPTION without any", when: task.FirstError, tasks: sleepers(tenth, 2*tenth), done: []int{0, 1}, took: 2 * tenth},
		{python: "FIRST_EXCEPTION does not count being cancelled", when: task.FirstError, tasks: canceled, done: []int{0, 1}, took: tenth},
		{python: "test_wait_with_exception", when: task.AllCompleted, tasks: failing(hundredth), done: []int{0, 1}, took: 10 * time.Second},
		{python: "test_wait_with_timeout", when: task.AllCompleted, tasks: sleepers(15*hundredth, tenth), limit: 11 * hundredth, done: []int{1}, pending: []int{0}, took: 11 * hundredth, failed: context.DeadlineExceeded},
		{python: "test_wait_errors: asyncio refuses no tasks", when: task.FirstCompleted, tasks: sleepers()},
	}
	for _, tt := range tests {
		t.Run(tt.python, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				tasks := tt.tasks(ctx)
				waiting, stop := ctx, context.CancelFunc(func() {})
				if tt.limit > 0 {
					waiting, stop = context.WithTimeout(ctx, tt.limit)
				}
				defer stop()
				began := elapsed()
				done, pending, err := task.Wait(waiting, tt.when, tasks...)
				assert.Equal(t, tt.took, began())
				assert.ErrorIs(t, err, tt.failed)
				pick := func(indices []int) (picked []*task.Task[none]) {
					for _, i := range indices {
						picked = append(picked, tasks[i])
					}
					return picked
				}
				assert.Equal(t, pick(tt.done), done)
				assert.Equal(t, pick(tt.pending), pending)
				for _, child := range tasks {
					<-child.Done()
				}
			})
		})
	}
}

// test_wait_concurrent_complete and test_wait_really_done: a task that has ended
// when Wait returns is among the done.
func TestWaitReallyDone(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		a, b := task.Go(ctx, after(tenth, 1)), task.Go(ctx, after(tenth, 2))
		time.Sleep(tenth)
		synctest.Wait()
		done, pending, err := task.Wait(ctx, task.FirstCompleted, a, b)
		assert.NoError(t, err)
		assert.Equal(t, []*task.Task[int]{a, b}, done)
		assert.Empty(t, pending)
	})
}

func TestWaitOfTasksOfDifferentTypes(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		a, b := task.Go(ctx, after(tenth, 1)), task.Go(ctx, after(2*tenth, "two"))
		done, pending, err := task.Wait[task.Handle](ctx, task.FirstCompleted, a, b)
		assert.NoError(t, err)
		assert.Equal(t, []task.Handle{a}, done)
		assert.Equal(t, []task.Handle{b}, pending)
		<-b.Done()
	})
}

// test_yield_wait_does_not_shield_cancel
func TestWaitDoesNotCancelWhatItWaitsFor(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		inner := task.Go(ctx, after(tenth, 1))
		outer := task.Go(ctx, func(ctx context.Context) (none, error) {
			_, pending, err := task.Wait(ctx, task.AllCompleted, inner)
			assert.Equal(t, []*task.Task[int]{inner}, pending)
			return none{}, err
		})
		synctest.Wait()
		assert.Equal(t, task.Waiting, outer.State())
		outer.Cancel(nil)
		_, err := outer.Await(ctx)
		assert.ErrorIs(t, err, context.Canceled)
		requireValue(t, 1, inner)
	})
}

func requireValue[T any](t *testing.T, want T, of *task.Task[T]) {
	t.Helper()
	v, err := of.Await(context.Background())
	require.NoError(t, err)
	require.Equal(t, want, v)
}

// --- as_completed

func TestAsCompleted(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := elapsed()
		var values []string
		c := task.Go(ctx, after(15*hundredth, "c"))
		for child, err := range task.AsCompleted(ctx, task.Go(ctx, after(2*hundredth, "b")), c, task.Go(ctx, after(hundredth, "a")), c) {
			assert.NoError(t, err)
			v, _ := child.Result()
			values = append(values, fmt.Sprint(v, " ", began()))
		}
		assert.Equal(t, []string{"a 10ms", "b 20ms", "c 150ms"}, values, "each once: test_as_completed_duplicate_coroutines")
	})
}

func TestAsCompletedWithTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		a, b, c := task.Go(ctx, failAfter(tenth, errMine)), task.Go(ctx, after(15*hundredth, none{})), task.Go(ctx, after(20*hundredth, none{}))
		limited, stop := context.WithTimeout(ctx, 12*hundredth)
		defer stop()
		began := elapsed()
		var came []*task.Task[none]
		for child, err := range task.AsCompleted(limited, c, b, a) {
			came = append(came, child)
			if child == a {
				assert.Equal(t, errMine, err)
				assert.Equal(t, tenth, began())
				continue
			}
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 12*hundredth, began())
			assert.False(t, child.State().Final())
		}
		assert.Equal(t, []*task.Task[none]{a, c, b}, came)
		requireValue(t, none{}, c)
		requireValue(t, none{}, b)
	})
}

// What was given first may be what came.
func TestAsCompletedYieldsTheRest(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		a, b := task.Go(ctx, after(hundredth, none{})), task.Go(ctx, after(tenth, none{}))
		limited, stop := context.WithTimeout(ctx, 2*hundredth)
		defer stop()
		var came []*task.Task[none]
		for child := range task.AsCompleted(limited, a, b) {
			came = append(came, child)
		}
		assert.Equal(t, []*task.Task[none]{a, b}, came)
		requireValue(t, none{}, b)
	})
}

func TestAsCompletedMayBeLeft(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		a, b := task.Go(ctx, after(tenth, 1)), task.Go(ctx, after(2*tenth, 2))
		for child := range task.AsCompleted(ctx, a, b) {
			assert.Equal(t, a, child)
			break
		}
		requireValue(t, 2, b)
		n := 0
		for range task.AsCompleted(ctx, a, b) {
			n++
		}
		assert.Equal(t, 2, n, "those that have ended before come too")
	})
}

// --- shield

// test_shield_result, test_shield_exception, test_shield_coroutine_use_running_loop
func TestShieldPassesOnHowItEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		v, err := task.Shield(ctx, after(tenth, 42))
		assert.NoError(t, err)
		assert.Equal(t, 42, v)
		_, err = task.Shield(ctx, failAfter(tenth, errMine))
		assert.Equal(t, errMine, err)
	})
}

func TestShieldCancelInner(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		_, err := task.Shield(ctx, func(ctx context.Context) (int, error) {
			task.Current().Cancel(errMine)
			return 0, task.Sleep(ctx, time.Hour)
		})
		assert.ErrorIs(t, err, errMine)
	})
}

// test_shield_cancel_outer, test_shield_effect
func TestShieldCancelOuter(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		proof := 0
		var inner task.Handle
		v, err := task.Run(ctx, func(ctx context.Context) (int, error) {
			outer := task.Go(ctx, func(ctx context.Context) (none, error) {
				_, err := task.Shield(ctx, func(ctx context.Context) (none, error) {
					inner = task.Current()
					_, hasDeadline := ctx.Deadline()
					assert.False(t, hasDeadline)
					err := task.Sleep(ctx, time.Second)
					proof++
					return none{}, err
				}, task.Name("inner"))
				return none{}, err
			}, task.Timeout(time.Minute))
			time.Sleep(tenth)
			outer.Cancel(errMine)
			_, err := outer.Await(ctx)
			assert.ErrorIs(t, err, errMine)
			assert.Equal(t, task.Canceled, outer.State())
			assert.False(t, inner.State().Final())
			<-inner.Done()
			assert.Equal(t, 1, proof)
			return 1, inner.Err()
		})
		assert.NoError(t, err)
		assert.Equal(t, 1, v)
	})
}

// A Group waits for what is shielded in it, and does not cancel it; the end of a
// Run cancels it.
func TestShieldedInItsScope(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := elapsed()
		var shielded, inside *task.Task[int]
		err := task.Group(ctx, func(ctx context.Context) error {
			shielded = task.Go(ctx, func(ctx context.Context) (int, error) {
				inside = task.Go(ctx, after(2*time.Second, 2))
				return 1, task.Sleep(ctx, time.Second)
			}, task.Shielded())
			task.Go(ctx, failAfter(tenth, errMine))
			return nil
		})
		assert.ErrorIs(t, err, errMine)
		assert.Equal(t, 2*time.Second, began())
		requireResult(t, 1, shielded)
		requireResult(t, 2, inside)

		_, err = task.Run(ctx, func(ctx context.Context) (none, error) {
			shielded = task.Go(ctx, after(time.Hour, 1), task.Shielded())
			return none{}, nil
		})
		assert.NoError(t, err)
		assert.ErrorIs(t, shielded.Err(), task.ErrRunEnded)
		assert.Equal(t, 2*time.Second, began())
	})
}
