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

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

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

// A child that goes on by itself, although it waits for its Group as well, keeps nobody.
func TestEndOfAGroupWithAWaitForAnyIsNoDeadlock(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var outer, back *task.Task[int]
		begun := make(chan none)
		outer = task.Go(ctx, func(ctx context.Context) (int, error) {
			err := task.Group(ctx, func(ctx context.Context) error {
				<-begun
				child := task.Start(ctx, func(ctx context.Context) error {
					_, _, err := task.Wait(ctx, task.FirstCompleted, back, task.Go(ctx, after(time.Minute, 1)))
					return err
				})
				synctest.Wait()
				assert.Equal(t, task.Waiting, child.State())
				return nil
			})
			return 7, err
		})
		back = task.Go(ctx, func(ctx context.Context) (int, error) { return outer.Await(ctx) })
		close(begun)
		v, err := back.Await(ctx)
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
	})
}

// A call that ends with the first of its jobs waits for ever only if all of them do.
func TestRaceOfWhichOneGoesOnIsNoDeadlock(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var owner *task.Task[int]
		begun := make(chan none)
		slow := task.Go(ctx, after(time.Minute, 7))
		owner = task.Go(ctx, func(ctx context.Context) (int, error) {
			<-begun
			return gather.Race(ctx, slow.Await, func(ctx context.Context) (int, error) {
				time.Sleep(time.Second) // the other job waits by now
				return owner.Await(ctx)
			})
		})
		close(begun)
		v, err := owner.Await(ctx)
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
	})
}

// Many tasks wait in all ways for tasks that were started before them, which can't make
// a cycle, whatever the order.
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

// A task that has just been given a result is about to go on, and a task in the body of
// a loop goes on already. Neither is stuck, although everything else that the loop
// waits for is.
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

// The same while the task waits to get back the place that it lent.
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

// With one processor, the callback runs the task that awaits the loop before the loop,
// which has been given the result already.
func TestWaitForAnyThatWasNotifiedIsNoDeadlock(t *testing.T) {
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

// A wait whose ctx has ended is over, whatever waits for what.
func TestWaitWithACtxThatHasEndedIsNoDeadlock(t *testing.T) {
	for name, wait := range map[string]func(ctx context.Context, a *task.Task[none], of *task.Members) error{
		"Await": func(ctx context.Context, a *task.Task[none], _ *task.Members) error {
			_, err := a.Await(ctx)
			return err
		},
		"Until": func(ctx context.Context, _ *task.Task[none], of *task.Members) error { return of.Until(ctx, nil) },
		"Wait": func(ctx context.Context, a *task.Task[none], _ *task.Members) error {
			_, _, err := task.Wait(ctx, task.AllCompleted, a)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				var a *task.Task[none]
				var of task.Members
				begin := make(chan none)
				b := task.Start(ctx, func(ctx context.Context) error {
					<-begin
					time.Sleep(time.Second) // a waits by now
					ended, cancel := context.WithCancel(ctx)
					cancel()
					err := wait(ended, a, &of)
					assert.ErrorIs(t, err, context.Canceled)
					assert.NotErrorIs(t, err, task.ErrDeadlock)
					return nil
				})
				a = task.Start(ctx, func(ctx context.Context) error { _, err := b.Await(ctx); return err }, task.MemberOf(&of))
				close(begin)
				assert.NoError(t, errorWithin(a))
			})
		})
	}
}
