package task_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// Two tasks, a and b, wait for each other in various ways. The wait that closes the
// cycle gets an error, which names the cycle.
func TestTasksThatWaitForEachOther(t *testing.T) {
	waits := map[string]func(ctx context.Context, other *task.Task[none]) error{
		"Await": func(ctx context.Context, other *task.Task[none]) error { _, err := other.Await(ctx); return err },
		"Wait for all": func(ctx context.Context, other *task.Task[none]) error {
			_, _, err := task.Wait(ctx, task.AllCompleted, other, task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) }))
			return err
		},
		"Wait for the first": func(ctx context.Context, other *task.Task[none]) error {
			_, _, err := task.Wait(ctx, task.FirstCompleted, other)
			return err
		},
		"AsCompleted": func(ctx context.Context, other *task.Task[none]) error {
			quick := task.Start(ctx, func(context.Context) error { return nil })
			var errs []error
			for _, err := range task.AsCompleted(ctx, other, quick) {
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		},
		"Group": func(ctx context.Context, other *task.Task[none]) error {
			return task.Group(ctx, func(ctx context.Context) error {
				task.Start(ctx, func(ctx context.Context) error { _, err := other.Await(ctx); return err })
				return nil
			})
		},
		"nested": func(ctx context.Context, other *task.Task[none]) error {
			_, err := task.Start(ctx, func(ctx context.Context) error { _, err := other.Await(ctx); return err }).Await(ctx)
			return err
		},
		"Run": func(ctx context.Context, other *task.Task[none]) error {
			_, err := task.Run(ctx, func(ctx context.Context) (none, error) { return other.Await(ctx) })
			return err
		},
	}
	for one, waitA := range waits {
		for two, waitB := range waits {
			t.Run(one+" and "+two, func(t *testing.T) {
				inBubble(t, func(t *testing.T, ctx context.Context) {
					var a, b *task.Task[none]
					ready := make(chan none)
					a = task.Start(ctx, func(ctx context.Context) error { <-ready; return waitA(ctx, b) }, task.Name("a"))
					b = task.Start(ctx, func(ctx context.Context) error { <-ready; return waitB(ctx, a) }, task.Name("b"))
					close(ready)
					errs := errors.Join(errorWithin(a), errorWithin(b))
					require.ErrorIs(t, errs, task.ErrDeadlock)
					text := errs.Error()
					assert.Contains(t, text, `"a"`)
					assert.Contains(t, text, `"b"`)
					a.Cancel(nil)
					b.Cancel(nil)
				})
			})
		}
	}
}

// The cycle is closed in the most indirect way: by the end of a Group, which can get no
// error. Another wait in the cycle gets it.
func TestEndOfAGroupClosesACycle(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		owner := task.Start(ctx, func(ctx context.Context) error {
			self := task.Current().(*task.Task[none])
			return task.Group(ctx, func(ctx context.Context) error {
				task.Start(ctx, func(ctx context.Context) error { _, err := self.Await(ctx); return err }, task.Name("child"))
				time.Sleep(time.Second) // it waits by now
				return nil
			})
		}, task.Name("owner"))
		_, err := owner.Await(ctx)
		assert.ErrorIs(t, err, task.ErrDeadlock)
	})
}

// Of several waits that can get the error, that of the Group's child gets it, and the
// others go on.
func TestEndOfAGroupClosesALongCycle(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var owner, far *task.Task[none]
		var failed error
		begun := make(chan none)
		owner = task.Start(ctx, func(ctx context.Context) error {
			return task.Group(ctx, func(ctx context.Context) error {
				<-begun
				task.Start(ctx, func(ctx context.Context) error { _, failed = far.Await(ctx); return nil })
				time.Sleep(time.Second) // it waits by now
				return nil
			})
		})
		far = task.Start(ctx, func(ctx context.Context) error { <-begun; _, err := owner.Await(ctx); return err })
		close(begun)
		_, err := far.Await(ctx)
		require.NoError(t, err)
		assert.ErrorIs(t, failed, task.ErrDeadlock)
	})
}

// No task waits for the end of a Group that a plain goroutine opened, but the Group around
// it does.
func TestEndOfAGroupOfAGoroutineInACycle(t *testing.T) {
	for reason, late := range map[string]time.Duration{"it waits first": 0, "the Groups wait first": 2 * time.Second} {
		t.Run(reason, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				var failed error
				owner := task.Start(ctx, func(ctx context.Context) error {
					self := task.Current().(*task.Task[none])
					return task.Group(ctx, func(ctx context.Context) error {
						go func() {
							_ = task.Group(ctx, func(ctx context.Context) error {
								task.Start(ctx, func(ctx context.Context) error {
									time.Sleep(late)
									_, failed = self.Await(ctx)
									return nil
								})
								return nil
							})
						}()
						time.Sleep(time.Second) // it has begun by now
						return nil
					})
				})
				_, err := owner.Await(ctx)
				require.NoError(t, err)
				assert.ErrorIs(t, failed, task.ErrDeadlock)
			})
		})
	}
}

// If the end of a Group closes several cycles, a wait in each gets the error.
func TestEndOfAGroupClosesSeveralCycles(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var alarms atomic.Int32
		owner := task.Start(ctx, func(ctx context.Context) error {
			self := task.Current().(*task.Task[none])
			return task.Group(ctx, func(ctx context.Context) error {
				for range 3 {
					task.Start(ctx, func(ctx context.Context) error {
						if _, err := self.Await(ctx); errors.Is(err, task.ErrDeadlock) {
							alarms.Add(1)
						}
						return nil
					})
				}
				time.Sleep(time.Second)
				return nil
			})
		})
		require.NoError(t, errorWithin(owner))
		assert.EqualValues(t, 3, alarms.Load())
	})
}

// What waits may be a child of a child of the Group that goes on meanwhile, and be found
// to be in the cycle by its own wait, or by the end of the Group.
func TestEndOfAGroupWaitsForGrandchildren(t *testing.T) {
	for reason, late := range map[string]bool{"it waits first": false, "the Group waits first": true} {
		t.Run(reason, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				told := make(chan error, 1)
				owner := task.Start(ctx, func(ctx context.Context) error {
					self := task.Current().(*task.Task[none])
					return task.Group(ctx, func(ctx context.Context) error {
						task.Start(ctx, func(ctx context.Context) error {
							task.Start(ctx, func(ctx context.Context) error {
								if late {
									time.Sleep(2 * time.Second)
								}
								_, err := self.Await(ctx)
								told <- err
								return nil
							})
							time.Sleep(10 * time.Second)
							return nil
						})
						time.Sleep(time.Second)
						return nil
					})
				})
				require.NoError(t, errorWithin(owner))
				assert.ErrorIs(t, <-told, task.ErrDeadlock)
			})
		})
	}
}

// In a cycle that the end of a Group closes, the wait of a Run can get no error either;
// the wait of its main function gets it.
func TestEndOfAGroupClosesACycleThroughARun(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		owner := task.Start(ctx, func(ctx context.Context) error {
			self := task.Current().(*task.Task[none])
			return task.Group(ctx, func(ctx context.Context) error {
				task.Start(ctx, func(ctx context.Context) error {
					_, err := task.Run(ctx, func(ctx context.Context) (none, error) { return self.Await(ctx) })
					return err
				})
				time.Sleep(time.Second)
				return nil
			})
		})
		assert.ErrorIs(t, errorWithin(owner), task.ErrDeadlock)
	})
}

// A task that waits for the first of several, and does not close a cycle with all of
// them, goes on.
func TestWaitForAnyOfWhichOneGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var any *task.Task[int]
		ready := make(chan none)
		back := task.Go(ctx, func(ctx context.Context) (int, error) { <-ready; return any.Await(ctx) })
		another := task.Go(ctx, func(ctx context.Context) (int, error) {
			_, _, err := task.Wait(ctx, task.FirstCompleted, task.Go(ctx, after(time.Minute, 1)), task.Go(ctx, after(time.Hour, 2)))
			return 1, err
		})
		any = task.Go(ctx, func(ctx context.Context) (int, error) {
			time.Sleep(time.Second)
			_, _, err := task.Wait(ctx, task.FirstCompleted, back, another)
			return 7, err
		})
		close(ready)
		v, err := back.Await(ctx)
		require.NoError(t, err)
		assert.Equal(t, 7, v)
	})
}

// The search follows a cycle through the tasks that are stuck, whatever waits beside them.
func TestCycleBesideAWaitThatEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var last *task.Task[int]
		begun := make(chan none)
		in := func(d time.Duration, wait func(ctx context.Context) error) *task.Task[int] {
			return task.Go(ctx, func(ctx context.Context) (int, error) { <-begun; time.Sleep(d); return 1, wait(ctx) })
		}
		stuck := in(0, func(ctx context.Context) error { _, err := last.Await(ctx); return err })
		free := in(time.Second, func(ctx context.Context) error {
			_, _, err := task.Wait(ctx, task.FirstCompleted, last, task.Go(ctx, after(time.Minute, 1)))
			return err
		})
		both := in(time.Second, func(ctx context.Context) error {
			_, _, err := task.Wait(ctx, task.AllCompleted, free, stuck)
			return err
		})
		last = in(2*time.Second, func(ctx context.Context) error { _, err := both.Await(ctx); return err })
		close(begun)
		_, err := last.Await(ctx)
		assert.ErrorIs(t, err, task.ErrDeadlock)
		_, err = both.Await(ctx)
		assert.NoError(t, err)
	})
}

func TestWaitForOfEachOtherEndsWithItsCtx(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		outer, cancel := context.WithCancel(ctx)
		time.AfterFunc(time.Second, cancel)
		took := elapsed()
		_, _ = task.Run(outer, func(ctx context.Context) (none, error) {
			var a, b *task.Task[none]
			ready := make(chan none)
			a = task.Start(ctx, func(ctx context.Context) error { <-ready; _, err := task.WaitFor(ctx, b, time.Hour); return err })
			b = task.Start(ctx, func(ctx context.Context) error { <-ready; _, err := task.WaitFor(ctx, a, time.Hour); return err })
			close(ready)
			return a.Await(ctx)
		})
		assert.Equal(t, time.Second, took())
	})
}

// errorWithin returns the error of a task that ends within a minute, or how it waits.
func errorWithin(h task.Handle) error {
	select {
	case <-h.Done():
		return h.Err()
	case <-time.After(time.Minute):
		return errors.New("it hangs")
	}
}

// awaitWithAnother awaits t together with a task that waits for either of two, which is
// a reason to look for a deadlock.
func awaitWithAnother(ctx context.Context, t *task.Task[int]) (int, error) {
	another := task.Go(ctx, func(ctx context.Context) (int, error) {
		_, _, err := task.Wait(ctx, task.FirstCompleted, task.Go(ctx, after(time.Hour, 1)), task.Go(ctx, after(time.Hour, 2)))
		return 0, err
	})
	time.Sleep(time.Millisecond) // it waits by now
	if _, _, err := task.Wait(ctx, task.AllCompleted, t, another); err != nil {
		return 0, err
	}
	return t.Result()
}

// If a task waits for many others, one of them is enough to close a cycle.
func TestCycleThroughOneOfMany(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var waiter *task.Task[none]
		ready := make(chan none)
		many := make([]*task.Task[none], 100)
		for i := range many {
			many[i] = task.Start(ctx, func(ctx context.Context) error {
				if i == 50 {
					<-ready
					_, err := waiter.Await(ctx)
					return err
				}
				return task.Sleep(ctx, time.Hour)
			})
		}
		waiter = task.Start(ctx, func(ctx context.Context) error {
			time.Sleep(time.Second)
			_, _, err := task.Wait(ctx, task.AllCompleted, many...)
			return err
		})
		close(ready)
		assert.ErrorIs(t, errorWithin(waiter), task.ErrDeadlock)
	})
}
