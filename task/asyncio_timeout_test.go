package task_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
)

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

// What a task returned in spite of a cancellation is not lost.
func TestWaitForKeepsWhatWasReturned(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		stubborn := func(v int, err error) *task.Task[int] {
			return task.Go(ctx, func(ctx context.Context) (int, error) { <-ctx.Done(); return v, err })
		}
		ended, end := context.WithCancel(ctx)
		end()
		v, err := task.WaitFor(ended, stubborn(7, nil), time.Hour)
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
		_, err = task.WaitFor(ended, stubborn(7, errMine), time.Hour)
		assert.Equal(t, errMine, err)
		v, err = task.WaitFor(ctx, stubborn(7, nil), tenth)
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
		_, err = task.WaitFor(ctx, stubborn(7, errMine), tenth)
		assert.Equal(t, errMine, err)

		other := task.Go(ctx, after(time.Hour, 1))
		other.Cancel(errMine)
		_, foreign := other.Await(ctx)
		_, err = task.WaitFor(ctx, stubborn(7, foreign), tenth)
		assert.Equal(t, foreign, err, "another task's cancellation is this one's failure")
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
