package task_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// What CPython's test_tasks.py tests of tasks, wait, as_completed, shield and
// contexts, test_waitfor.py of wait_for and test_timeouts.py of timeout.
// docs/python.md lists the cases that have no counterpart, and why.

const (
	hundredth = 10 * time.Millisecond
	tenth     = 100 * time.Millisecond
)

// elapsed returns a function that tells how much time of the bubble has passed.
func elapsed() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// --- cancel

// test_cancel_with_message_before_starting_task: asyncio does not begin such a
// task. Here it begins with a ctx that is cancelled, so that what a function
// was given to close gets closed.
func TestTaskCancelledBeforeItBegins(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		// By the ctx, since a Cancel may come when it has begun already.
		canceled, cancel := context.WithCancelCause(ctx)
		cancel(errMine)
		child := task.Go(canceled, func(ctx context.Context) (error, error) { return context.Cause(ctx), ctx.Err() })
		cause, err := child.Await(ctx)
		assert.Equal(t, errMine, cause)
		assert.ErrorIs(t, err, errMine)
		assert.Equal(t, task.Canceled, child.State())
	})
}

// test_cancel_inner_future, test_cancel_both_task_and_inner_future
func TestTaskCancelReachesWhatItAwaits(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var inner *task.Task[int]
		outer := task.Go(ctx, func(ctx context.Context) (int, error) {
			inner = task.Go(ctx, after(10*time.Second, 1))
			return inner.Await(ctx)
		})
		synctest.Wait()
		assert.True(t, outer.Cancel(errMine))
		_, err := outer.Await(context.Background())
		assert.ErrorIs(t, err, errMine)
		<-inner.Done()
		assert.Equal(t, task.Canceled, outer.State())
		assert.Equal(t, task.Canceled, inner.State())
		assert.ErrorIs(t, inner.Err(), errMine)
	})
}

// test_cancel_task_catching, test_cancel_task_ignoring
func TestTaskMayDenyCancellation(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		child := task.Go(ctx, func(ctx context.Context) (int, error) {
			assert.Error(t, task.Sleep(ctx, 10*time.Second))
			return 42, task.Sleep(context.WithoutCancel(ctx), 10*time.Second)
		})
		synctest.Wait()
		assert.True(t, child.Cancel(nil))
		assert.False(t, child.State().Final())
		v, err := child.Await(ctx)
		assert.NoError(t, err)
		assert.Equal(t, 42, v)
	})
}

// test_cancel_current_task
func TestTaskCancelsItself(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := elapsed()
		child := task.Go(ctx, func(ctx context.Context) (int, error) {
			task.Current().Cancel(nil)
			return 12, task.Sleep(ctx, 100*time.Second)
		})
		_, err := child.Await(ctx)
		assert.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, began())
	})
}

// test_cancel_at_end: cancelled after it waited for the last time.
func TestTaskCancelledAtItsEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		child := task.Go(ctx, func(context.Context) (int, error) {
			task.Current().Cancel(nil)
			return 12, nil
		})
		v, err := child.Await(ctx)
		assert.NoError(t, err, "Go has no exception that could be thrown into a function that returns")
		assert.Equal(t, 12, v)
	})
}

// test_cancel_awaited_task
func TestTaskAwaitingACancelledTaskFails(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		nested := task.Go(ctx, after(10*time.Second, 1))
		awaiter := task.Go(ctx, func(ctx context.Context) (int, error) { return nested.Await(ctx) })
		synctest.Wait()
		nested.Cancel(errMine)
		_, err := awaiter.Await(ctx)
		assert.ErrorIs(t, err, errMine)
		assert.Equal(t, task.Failed, awaiter.State(), "it was not cancelled itself")
	})
}

// test_uncancel_structured_blocks, test_outer_task_is_not_cancelled
func TestWithinEndsWithItsBlock(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		request := func(needs, limit time.Duration) (timedOut, finished, outer bool) {
			_, err := task.Go(ctx, func(ctx context.Context) (none, error) {
				_, err := task.Within(ctx, limit, after(needs, none{}))
				var te *task.TimeoutError
				timedOut, finished = errors.As(err, &te), err == nil
				err = task.Sleep(ctx, time.Second) // not affected by the limit
				outer = err == nil
				return none{}, err
			}).Await(ctx)
			require.NoError(t, err)
			return timedOut, finished, outer
		}
		timedOut, finished, outer := request(10*time.Second, tenth)
		assert.Equal(t, []bool{true, false, true}, []bool{timedOut, finished, outer})
		timedOut, finished, outer = request(0, 10*time.Second)
		assert.Equal(t, []bool{false, true, true}, []bool{timedOut, finished, outer})
	})
}

// --- sleep, current_task

// test_sleep_cancel, test_task_cancel_sleeping_task
func TestSleepIsCancelled(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := elapsed()
		child := task.Go(ctx, after(time.Hour, 1))
		time.Sleep(tenth)
		child.Cancel(nil)
		_, err := child.Await(ctx)
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, tenth, began())

		ended, cancel := context.WithCancel(ctx)
		cancel()
		assert.Equal(t, context.Canceled, task.Sleep(ended, time.Hour))
		assert.Equal(t, context.Canceled, task.Sleep(ended, 0))
		assert.Equal(t, tenth, began())
	})
}

// test_sleep, test_sleep_zero
func TestSleep(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := elapsed()
		for _, d := range []time.Duration{tenth, tenth, 0, -1} {
			assert.NoError(t, task.Sleep(ctx, d))
		}
		assert.Equal(t, 2*tenth, began())
	})
}

// test_current_task_with_interleaving_tasks
func TestCurrentOfInterleavingTasks(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		turn := make(chan struct{})
		var tasks [2]*task.Task[int]
		for i := range tasks {
			tasks[i] = task.Go(ctx, func(context.Context) (int, error) {
				for range 3 {
					<-turn
					assert.Equal(t, task.Handle(tasks[i]), task.Current())
				}
				return 0, nil
			})
		}
		for range 6 {
			turn <- struct{}{}
		}
		for _, child := range tasks {
			<-child.Done()
		}
		assert.Nil(t, task.Current())
	})
}

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

// --- wait_for

// test_wait_for, test_asyncio_wait_for_timeout, test_wait_for_waits_for_task_cancellation
// and the same with a timeout of 0 or less
func TestWaitForTimesOut(t *testing.T) {
	for _, limit := range []time.Duration{tenth, 0, -1} {
		inBubble(t, func(t *testing.T, ctx context.Context) {
			running := true
			child := task.Go(ctx, func(ctx context.Context) (string, error) {
				err := task.Sleep(ctx, time.Hour)
				time.Sleep(hundredth) // cleaning up
				running = false
				return "done", err
			}, task.Name("slow"))
			synctest.Wait()
			_, err := task.WaitFor(ctx, child, limit)
			assert.Equal(t, &task.TimeoutError{Task: "slow", After: limit}, err)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.False(t, running)
			assert.Equal(t, task.Canceled, child.State())
		})
	}
}

// test_wait_for_timeout_less_then_0_or_0_future_done, test_wait_for_race_condition
func TestWaitForInTime(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		child := task.Go(ctx, after(tenth, "ok"))
		v, err := task.WaitFor(ctx, child, 2*tenth)
		assert.NoError(t, err)
		assert.Equal(t, "ok", v)
		v, err = task.WaitFor(ctx, child, 0)
		assert.NoError(t, err)
		assert.Equal(t, "ok", v)
	})
}

// test_wait_for_cancellation_race_condition, test_wait_for_reraises_exception_during_cancellation
func TestWaitForOfATaskThatDeniesIt(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		deny := func(failure error) task.Func[int] {
			return func(ctx context.Context) (int, error) {
				assert.Error(t, task.Sleep(ctx, time.Second))
				return 1, failure
			}
		}
		v, err := task.WaitFor(ctx, task.Go(ctx, deny(nil)), hundredth)
		assert.NoError(t, err)
		assert.Equal(t, 1, v)
		_, err = task.WaitFor(ctx, task.Go(ctx, deny(errMine)), hundredth)
		assert.Equal(t, errMine, err)
	})
}

// test_asyncio_wait_for_cancelled, test_cancel_wait_for, test_cancel_blocking_wait_for
func TestWaitForIsCancelledWithWhatItWaitsFor(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		child := task.Go(ctx, after(time.Hour, 1))
		waiter := task.Go(ctx, func(ctx context.Context) (int, error) { return task.WaitFor(ctx, child, time.Minute) })
		synctest.Wait()
		waiter.Cancel(errMine)
		_, err := waiter.Await(ctx)
		assert.ErrorIs(t, err, errMine)
		assert.Equal(t, task.Canceled, waiter.State())
		assert.Equal(t, task.Canceled, child.State())
		assert.ErrorIs(t, child.Err(), errMine)
	})
}

func TestWaitForSelfCancellation(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		inner := task.Go(ctx, func(context.Context) (int, error) { time.Sleep(9 * tenth); return 42, nil })
		waiter := task.Go(ctx, func(ctx context.Context) (int, error) { return task.WaitFor(ctx, inner, tenth) })
		time.Sleep(2 * tenth)
		began := elapsed()
		waiter.Cancel(nil)
		_, err := waiter.Await(ctx)
		assert.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, began(), "even when the task holds up its own cancellation")
		requireValue(t, 42, inner)
	})
}

func TestWaitForItself(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		self := make(chan *task.Task[int], 1)
		child := task.Go(ctx, func(ctx context.Context) (int, error) { return task.WaitFor(ctx, <-self, time.Hour) })
		self <- child
		_, err := child.Await(ctx)
		assert.ErrorIs(t, err, task.ErrDeadlock)
	})
}

// --- timeout

func isTimeout(err error) bool {
	_, ok := err.(*task.TimeoutError)
	return ok
}

// test_timeout_basic, test_timeout_not_called, test_timeout_zero,
// test_foreign_exception_passed, test_foreign_exception_on_timeout
func TestWithin(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := elapsed()
		v, err := task.Within(ctx, hundredth, after(10*time.Second, 1))
		assert.True(t, isTimeout(err))
		assert.Equal(t, hundredth, began())
		assert.Equal(t, 1, v, "what fn returned beside its error")

		v, err = task.Within(ctx, 10*time.Second, after(hundredth, 2))
		assert.NoError(t, err)
		assert.Equal(t, 2, v)

		_, err = task.Within(ctx, 0, after(10*time.Second, 1))
		assert.True(t, isTimeout(err))
		_, err = task.Within(ctx, tenth, failAfter(0, errMine))
		assert.Equal(t, errMine, err)
		_, err = task.Within(ctx, hundredth, func(ctx context.Context) (int, error) {
			_ = task.Sleep(ctx, time.Second)
			return 0, errMine
		})
		assert.Equal(t, errMine, err)
		assert.PanicsWithValue(t, task.ErrNilFunc, func() { _, _ = task.Within[int](ctx, 0, nil) })
	})
}

// test_nested_timeouts, test_nested_timeouts_concurrent, test_nested_timeouts_loop_busy
// and all orders of who is first
func TestWithinNested(t *testing.T) {
	tests := []struct {
		name                     string
		inner, outer, needs      time.Duration
		lags                     time.Duration // how long fn takes to heed its ctx
		innerTimeout, outerValue bool
	}{
		{name: "inner first", inner: 1, outer: 3, needs: 10, innerTimeout: true, outerValue: true},
		{name: "outer first", inner: 3, outer: 1, needs: 10},
		{name: "inner first, and outer before anyone heeds it", inner: 1, outer: 2, needs: 10, lags: 5},
		{name: "outer first, and inner before anyone heeds it", inner: 2, outer: 1, needs: 10, lags: 5},
		{name: "both in time", inner: 2, outer: 2, needs: 1, outerValue: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				_, err := task.Within(ctx, tt.outer*time.Second, func(ctx context.Context) (int, error) {
					_, err := task.Within(ctx, tt.inner*time.Second, func(ctx context.Context) (int, error) {
						err := task.Sleep(ctx, tt.needs*time.Second)
						time.Sleep(tt.lags * time.Second)
						return 0, err
					})
					assert.Equal(t, tt.innerTimeout, isTimeout(err) && ctx.Err() == nil, "inner: %v", err)
					if isTimeout(err) && ctx.Err() == nil {
						err = nil
					}
					return 0, err
				})
				assert.Equal(t, tt.outerValue, err == nil, "outer: %v", err)
				if !tt.outerValue {
					assert.Equal(t, &task.TimeoutError{After: tt.outer * time.Second}, err)
				}
			})
		})
	}
}

// test_foreign_cancel_doesnt_timeout_if_not_expired, test_cancel_in_timeout_after_cancellation
func TestWithinPassesOnACancellationFromOutside(t *testing.T) {
	for _, lag := range []time.Duration{0, time.Hour} { // with an hour, the limit passes as well
		for _, limitFirst := range []bool{false, true} {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				child := task.Go(ctx, func(ctx context.Context) (int, error) {
					return task.Within(ctx, 10*time.Second, func(ctx context.Context) (int, error) {
						err := task.Sleep(ctx, 20*time.Second)
						time.Sleep(lag)
						return 0, err
					})
				})
				if limitFirst {
					if lag == 0 {
						return
					}
					time.Sleep(15 * time.Second)
				} else {
					time.Sleep(time.Second)
				}
				child.Cancel(errMine)
				_, err := child.Await(ctx)
				assert.ErrorIs(t, err, errMine)
				assert.Equal(t, task.Canceled, child.State())
			})
		}
	}
}

// test_nested_timeout_in_finally, test_timeout_after_cancellation: clean-up with a
// limit of its own, after the ctx has ended.
func TestWithinInACleanUp(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		_, err := task.Within(ctx, hundredth, func(ctx context.Context) (int, error) {
			err := task.Sleep(ctx, time.Second)
			began := elapsed()
			_, cleanUp := task.Within(context.WithoutCancel(ctx), hundredth, after(10*time.Second, 1))
			assert.True(t, isTimeout(cleanUp))
			assert.Equal(t, hundredth, began())
			return 0, err
		})
		assert.True(t, isTimeout(err))
	})
}

// The same for the option, of tasks and of Groups, in one another.
func TestTimeoutOption(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := elapsed()
		_, err := task.Go(ctx, after(time.Hour, 1), task.Timeout(time.Second), task.Name("slow")).Await(ctx)
		assert.Equal(t, &task.TimeoutError{Task: "slow", After: time.Second}, err)
		assert.EqualError(t, err, `task: "slow" timed out after 1s`)
		assert.Equal(t, time.Second, began())

		_, err = task.Go(ctx, after(time.Second, 1), task.Timeout(time.Hour)).Await(ctx)
		assert.NoError(t, err)

		var child *task.Task[int]
		outer := task.Go(ctx, func(ctx context.Context) (int, error) {
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, time.Second, time.Until(deadline))
			child = task.Go(ctx, after(time.Hour, 1), task.Timeout(time.Minute))
			return child.Await(ctx)
		}, task.Timeout(time.Second))
		_, err = outer.Await(ctx)
		assert.True(t, isTimeout(err))
		assert.Equal(t, task.Failed, outer.State(), "its own limit is a task's failure")
		<-child.Done()
		assert.Equal(t, task.Canceled, child.State(), "another one's limit is not")
		assert.ErrorIs(t, child.Err(), context.DeadlineExceeded)

		err = task.Group(ctx, func(ctx context.Context) error {
			child = task.Go(ctx, after(time.Hour, 1))
			return nil
		}, task.Timeout(time.Second), task.Name("jobs"))
		assert.Equal(t, &task.TimeoutError{Task: "jobs", After: time.Second}, err)
		assert.Equal(t, task.Canceled, child.State())

		_, err = task.Run(ctx, after(time.Hour, 1), task.Timeout(time.Second), task.Name("main"))
		assert.Equal(t, &task.TimeoutError{Task: "main", After: time.Second}, err)
	})
}

// A limit and a cancellation from further out: the one further out counts.
func TestTimeoutOptionAndCancel(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		child := task.Go(ctx, func(ctx context.Context) (int, error) {
			err := task.Sleep(ctx, time.Hour)
			time.Sleep(time.Minute)
			return 0, err
		}, task.Timeout(time.Second))
		time.Sleep(10 * time.Second)
		child.Cancel(errMine)
		_, err := child.Await(ctx)
		assert.ErrorIs(t, err, errMine)
		assert.Equal(t, task.Canceled, child.State())
	})
}

// --- contexts

func TestTaskContext1(t *testing.T) {
	cvar := ctxvar.New("cvar", ctxvar.Default("nope"))
	inBubble(t, func(t *testing.T, ctx context.Context) {
		_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
			assert.Equal(t, "nope", cvar.Get())
			sub := task.Go(ctx, func(ctx context.Context) (none, error) {
				err := task.Sleep(ctx, hundredth)
				assert.Equal(t, "nope", cvar.Get())
				cvar.Set("something else")
				return none{}, err
			})
			cvar.Set("yes")
			assert.Equal(t, "yes", cvar.Get())
			_, err := sub.Await(ctx)
			assert.Equal(t, "yes", cvar.Get())
			return none{}, err
		})
		assert.NoError(t, err)
	})
}

// What a done callback sets pollutes nothing.
func TestTaskContext2(t *testing.T) {
	cvar := ctxvar.New("cvar", ctxvar.Default("nope"))
	inBubble(t, func(t *testing.T, ctx context.Context) {
		_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
			for j := range 2 {
				child := task.Go(ctx, func(ctx context.Context) (none, error) {
					cvar.Set("child")
					return none{}, task.Sleep(ctx, hundredth)
				})
				for range 2 {
					child.OnDone(func(*task.Task[none]) {
						assert.Equal(t, "child", cvar.Get())
						cvar.Set("something else")
					})
				}
				cvar.Set(fmt.Sprint("yes", j))
				_, err := child.Await(ctx)
				assert.NoError(t, err)
				synctest.Wait()
				child.OnDone(func(*task.Task[none]) {
					assert.Equal(t, "child", cvar.Get())
					cvar.Set("something else")
				})
				assert.Equal(t, fmt.Sprint("yes", j), cvar.Get())
			}
			return none{}, nil
		})
		assert.NoError(t, err)
		assert.Equal(t, "nope", cvar.Get())
	})
}

func TestTaskContext3(t *testing.T) {
	cvar := ctxvar.New("cvar", ctxvar.Default(-1))
	inBubble(t, func(t *testing.T, ctx context.Context) {
		assert.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			for num := range 100 {
				task.Go(ctx, func(ctx context.Context) (none, error) {
					for i := range 10 {
						cvar.Set(num + i)
						if err := task.Sleep(ctx, time.Duration(1+(num*7+i*13)%50)*time.Millisecond); err != nil {
							return none{}, err
						}
						assert.Equal(t, num+i, cvar.Get())
					}
					return none{}, nil
				})
			}
			return nil
		}))
		assert.Equal(t, -1, cvar.Get())
	})
}

// test_context_4, _5 and _6, which differ in how the task is made
func TestTaskContext4(t *testing.T) {
	cvar := ctxvar.New[int]("cvar")
	inBubble(t, func(t *testing.T, ctx context.Context) {
		c := ctxvar.Copy()
		_, ok := cvar.In(c)
		assert.False(t, ok)
		for want := 1; want <= 2; want++ {
			_, err := task.Go(ctx, func(ctx context.Context) (none, error) {
				err := task.Sleep(ctx, 0)
				cvar.Set(want)
				return none{}, err
			}, task.InContext(c)).Await(ctx)
			assert.NoError(t, err)
			got, _ := cvar.In(c)
			assert.Equal(t, want, got)
		}
	})
}
