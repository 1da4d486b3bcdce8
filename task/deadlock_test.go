package task_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// Two tasks, a and b, that wait for each other in various ways: whoever closes
// the cycle is told, and it is named.
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

func TestWaitsThatAreNoDeadlock(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var a, b *task.Task[int]
		ready := make(chan none)
		// b waits for any of several, one of which ends.
		a = task.Go(ctx, func(ctx context.Context) (int, error) { <-ready; return b.Await(ctx) })
		b = task.Go(ctx, func(ctx context.Context) (int, error) {
			<-ready
			slow := task.Go(ctx, after(time.Minute, 1))
			_, _, err := task.Wait(ctx, task.FirstCompleted, a, slow)
			return 7, err
		})
		close(ready)
		v, err := a.Await(ctx)
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
	})
	inBubble(t, func(t *testing.T, ctx context.Context) {
		// A wait with a deadline of its own ends.
		var a, b *task.Task[int]
		ready := make(chan none)
		a = task.Go(ctx, func(ctx context.Context) (int, error) { <-ready; return b.Await(ctx) }, task.Name("a"))
		b = task.Go(ctx, func(ctx context.Context) (int, error) {
			<-ready
			limited, stop := context.WithTimeout(ctx, time.Minute)
			defer stop()
			_, err := a.Await(limited)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.NotErrorIs(t, err, task.ErrDeadlock)
			return 7, nil
		}, task.Name("b"))
		close(ready)
		synctest.Wait()
		marked := 0
		for _, info := range task.Snapshot().Tasks {
			if info.Deadlock {
				marked++
			}
		}
		assert.Equal(t, 2, marked)
		var text strings.Builder
		require.NoError(t, task.WriteTree(&text))
		assert.Contains(t, text.String(), "deadlock")
		v, err := a.Await(ctx)
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
	})
}

// The longest way that a cycle is closed: by the end of a Group, which can be given
// no error; another wait in the cycle is.
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

// Of a cycle that the end of a Group closes, the wait of a Run can be given no error
// either: that of its main is.
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

// A task that closes no cycle with all that it waits for the first of goes on.
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

// Many tasks wait for tasks that were started before them, in all ways: no cycle
// can come of that, whatever the order.
func TestNoFalseAlarm(t *testing.T) {
	var alarms atomic.Int32
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		var all []*task.Task[int]
		for i := range 400 {
			before := all[max(0, i-5):]
			all = append(all, task.Go(ctx, func(ctx context.Context) (int, error) {
				var err error
				switch i % 5 {
				case 0:
					_, _, err = task.Wait(ctx, task.AllCompleted, before...)
				case 1:
					for _, e := range task.AsCompleted(ctx, before...) {
						err = errors.Join(err, e)
					}
				case 2:
					err = task.Group(ctx, func(ctx context.Context) error {
						for _, b := range before {
							task.Go(ctx, b.Await)
						}
						return nil
					})
				default:
					for _, b := range before {
						_, e := b.Await(ctx)
						err = errors.Join(err, e)
					}
				}
				if err != nil {
					alarms.Add(1)
				}
				return i, nil
			}))
		}
		_, _, err := task.Wait(ctx, task.AllCompleted, all...)
		return none{}, err
	})
	assert.NoError(t, err)
	assert.Zero(t, alarms.Load())
}

// errorWithin returns what a task ends with within a minute, or how it waits.
func errorWithin(h task.Handle) error {
	select {
	case <-h.Done():
		return h.Err()
	case <-time.After(time.Minute):
		return errors.New("it hangs")
	}
}

// A task that has just been told of a result is about to go on, and one in the body
// of a loop has: neither is stuck because all else that the loop waits for is.
func TestWaitForAnyThatIsOverIsNoDeadlock(t *testing.T) {
	quick := func(ctx context.Context) (int, error) { return 1, task.Sleep(ctx, time.Second) }
	tests := []struct {
		name, reason string
		body         func(ctx context.Context)
	}{
		{"asleep", "a wait of another kind has taken the place of that of the loop", func(ctx context.Context) { _ = task.Sleep(ctx, time.Minute) }},
		{"in a Group", "it waits for other tasks", func(ctx context.Context) {
			_ = task.Group(ctx, func(ctx context.Context) error { task.Go(ctx, after(time.Minute, 0)); return nil })
		}},
		{"starting a server", "a wait that has no hook", func(ctx context.Context) {
			_, _, _ = task.Serve(ctx, func(ctx context.Context, ready func(int)) error { return task.Sleep(ctx, time.Minute) })
		}},
		{"busy", "it waits for nothing", func(context.Context) { time.Sleep(time.Minute) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			inBubble(t, func(t *testing.T, ctx context.Context) {
				var loop, late *task.Task[int]
				ready := make(chan none)
				late = task.Go(ctx, func(ctx context.Context) (int, error) {
					<-ready
					time.Sleep(30 * time.Second)
					return awaitWithAnother(ctx, loop)
				})
				loop = task.Go(ctx, func(ctx context.Context) (int, error) {
					for range task.AsCompleted(ctx, task.Go(ctx, quick), late) {
						tt.body(ctx)
						break
					}
					return 7, nil
				})
				close(ready)
				v, err := late.Await(ctx)
				require.NoError(t, err)
				assert.Equal(t, 7, v)
			})
		})
	}
}

// awaitWithAnother awaits t along with a task that waits for any of two, which is
// reason enough to look for a deadlock.
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

// The same while the task waits for the place in a Group that it lent.
func TestWaitForAPlaceIsNoDeadlock(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var loop, late *task.Task[int]
		ready := make(chan none)
		late = task.Go(ctx, func(ctx context.Context) (int, error) {
			<-ready
			time.Sleep(30 * time.Second)
			return awaitWithAnother(ctx, loop)
		})
		require.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			loop = task.Go(ctx, func(ctx context.Context) (int, error) {
				quick := task.Go(ctx, after(time.Second, 1))
				task.Go(ctx, func(context.Context) (int, error) { time.Sleep(time.Minute); return 0, nil }) // has the place meanwhile
				_, _, err := task.Wait(ctx, task.FirstCompleted, quick, late)
				return 7, err
			})
			close(ready)
			return nil
		}, task.Limit(1)))
		v, err := late.Await(ctx)
		require.NoError(t, err)
		assert.Equal(t, 7, v)
	})
}

// With one processor, the callback has the task that awaits the loop run before the
// loop, which has been told of the result already.
func TestWaitForAnyThatWasToldIsNoDeadlock(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 200 {
		_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
			ready, waits, told := make(chan none), make(chan none), make(chan none)
			var loop *task.Task[none]
			first := task.Start(ctx, func(context.Context) error { <-waits; return nil })
			late := task.Start(ctx, func(ctx context.Context) error {
				<-ready
				<-told
				_, err := loop.Await(ctx)
				return err
			})
			first.OnDone(func(*task.Task[none]) { close(told) })
			loop = task.Start(ctx, func(ctx context.Context) error {
				_, _, err := task.Wait(ctx, task.FirstCompleted, first, late)
				return err
			})
			close(ready)
			for loop.State() != task.Waiting {
				runtime.Gosched()
			}
			close(waits)
			_, err := late.Await(ctx)
			return none{}, err
		})
		require.NoError(t, err)
	}
}

// Of many that a task waits for, one is enough to close a cycle.
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
