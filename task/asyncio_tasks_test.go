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

// The cases of CPython's test_tasks.py about tasks, wait, as_completed, shield and
// contexts, of test_waitfor.py about wait_for, and of test_timeouts.py about timeout.
// docs/python.md lists the cases that have no counterpart, and why.

const (
	hundredth = 10 * time.Millisecond
	tenth     = 100 * time.Millisecond
)

// elapsed returns a function that reports how much of the bubble's time has passed.
func elapsed() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// --- cancel

// test_cancel_with_message_before_starting_task: asyncio does not begin such a task.
// Here it begins with a cancelled ctx, so that a function closes what it was given to
// close.
func TestTaskCancelledBeforeItBegins(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		// The ctx is cancelled before the start, since a Cancel may come after the task has
		// begun.
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

// Values that a done callback sets stay in the callback.
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
