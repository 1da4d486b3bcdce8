package task_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// What CPython's test_taskgroups.py tests, of Group. docs/python.md lists the
// cases that have no counterpart, and why.

var (
	errZero = errors.New("division by zero")
	errMine = errors.New("mine")
)

type none = struct{}

// after returns a function that takes d and returns value; it heeds its ctx.
func after[T any](d time.Duration, value T) task.Func[T] {
	return func(ctx context.Context) (T, error) { return value, task.Sleep(ctx, d) }
}

// failAfter returns a function that takes d and fails with err; it heeds its ctx.
func failAfter(d time.Duration, err error) task.Func[none] {
	return func(ctx context.Context) (none, error) {
		if err := task.Sleep(ctx, d); err != nil {
			return none{}, err
		}
		return none{}, err
	}
}

// errorsOf returns the errors of a Group, as many as it has.
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

func TestTaskGroup03CancelledChildIsNoFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var t1, t2 *task.Task[int]
		require.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			t1 = task.Go(ctx, after(time.Second, 42))
			if err := task.Sleep(ctx, 150*time.Millisecond); err != nil {
				return err
			}
			t1.Cancel(nil)
			t2 = task.Go(ctx, after(200*time.Millisecond, 11))
			return nil
		}))
		assert.Equal(t, task.Canceled, t1.State())
		requireResult(t, 11, t2)
	})
}

func TestTaskGroup04FailureCancelsSibling(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var (
			t2        *task.Task[none]
			cancelled bool
		)
		began := time.Now()
		_, err := group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(100*time.Millisecond, errZero))
			t2 = task.Go(ctx, func(ctx context.Context) (none, error) {
				err := task.Sleep(ctx, time.Second)
				cancelled = err != nil
				return none{}, err
			})
			return nil
		}).Await(ctx)
		onlyErrors(t, err, 1, errZero)
		assert.True(t, cancelled)
		assert.Equal(t, task.Canceled, t2.State())
		assert.ErrorIs(t, t2.Err(), errZero, "the failure is the cause")
		assert.Equal(t, 100*time.Millisecond, time.Since(began))
	})
}

func TestTaskGroupCancelChildrenOnChildError(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var bodyCancelled error
		var last *task.Task[none]
		_, err := group(ctx, func(ctx context.Context) error {
			for range 3 {
				task.Go(ctx, func(context.Context) (none, error) {
					time.Sleep(100 * time.Millisecond)
					return none{}, errZero
				})
			}
			last = task.Go(ctx, after(5*time.Second, none{}))
			bodyCancelled = task.Sleep(ctx, 10*time.Second)
			return bodyCancelled
		}).Await(ctx)
		onlyErrors(t, err, 3, errZero)
		assert.ErrorIs(t, bodyCancelled, context.Canceled)
		assert.Equal(t, task.Canceled, last.State())
	})
}

func TestTaskGroupCancellation(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var cancelled atomic.Int32
		r := group(ctx, func(ctx context.Context) error {
			for range 5 {
				task.Go(ctx, func(ctx context.Context) (none, error) {
					err := task.Sleep(ctx, 5*time.Second)
					if err != nil {
						cancelled.Add(1)
					}
					return none{}, err
				})
			}
			return nil
		})
		time.Sleep(100 * time.Millisecond)
		require.False(t, r.State().Final())
		require.True(t, r.Cancel(errMine))
		_, err := r.Await(ctx)
		var ce *task.CanceledError
		require.ErrorAs(t, err, &ce)
		require.ErrorIs(t, err, errMine)
		assert.EqualValues(t, 5, cancelled.Load())
	})
}

func TestTaskGroup07CancellationReachesBodyAndChildren(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var cancelled atomic.Int32
		note := func(n int32) func(ctx context.Context) (none, error) {
			return func(ctx context.Context) (none, error) {
				err := task.Sleep(ctx, 10*time.Second)
				if err != nil {
					cancelled.Add(n)
				}
				return none{}, err
			}
		}
		r := group(ctx, func(ctx context.Context) error {
			for range 5 {
				task.Go(ctx, note(1))
			}
			_, err := note(10)(ctx)
			return err
		})
		time.Sleep(100 * time.Millisecond)
		r.Cancel(nil)
		_, err := r.Await(ctx)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, task.Canceled, r.State())
		assert.EqualValues(t, 15, cancelled.Load())
	})
}

// zeroAtEnd sleeps, and fails whether it is cancelled or not.
func zeroAtEnd(ctx context.Context) (none, error) {
	_ = task.Sleep(ctx, 10*time.Second)
	return none{}, errZero
}

func TestTaskGroup08FailuresOutrankCancellation(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		r := group(ctx, func(ctx context.Context) error {
			for range 5 {
				task.Go(ctx, zeroAtEnd)
			}
			return task.Sleep(ctx, 10*time.Second)
		})
		time.Sleep(100 * time.Millisecond)
		r.Cancel(nil)
		_, err := r.Await(ctx)
		onlyErrors(t, err, 5, errZero)
		assert.Equal(t, task.Failed, r.State())
	})
}

func TestTaskGroup09And10BodyFails(t *testing.T) {
	for name, wait := range map[string]time.Duration{"while children run": 100 * time.Millisecond, "at once": 0} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				var t1, t2 *task.Task[int]
				err := task.Group(ctx, func(ctx context.Context) error {
					t1 = task.Go(ctx, after(time.Second, 42))
					t2 = task.Go(ctx, after(2*time.Second, 11))
					time.Sleep(wait)
					return errZero
				})
				onlyErrors(t, err, 1, errZero)
				assert.Equal(t, task.Canceled, t1.State())
				assert.Equal(t, task.Canceled, t2.State())
			})
		})
	}
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

func TestTaskGroup13OuterFailureEndsInner(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := time.Now()
		_, err := group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(100*time.Millisecond, errMine))
			return task.Group(ctx, func(ctx context.Context) error {
				task.Go(ctx, failAfter(10*time.Second, errZero))
				return nil
			})
		}).Await(ctx)
		onlyErrors(t, err, 1, errMine)
		assert.Equal(t, 100*time.Millisecond, time.Since(began))
	})
}

func TestTaskGroup14InnerFailureEndsOuter(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := time.Now()
		_, err := group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(10*time.Second, errZero))
			return task.Group(ctx, func(ctx context.Context) error {
				task.Go(ctx, failAfter(100*time.Millisecond, errMine))
				return nil
			})
		}).Await(ctx)
		outer := errorsOf(t, err)
		require.Len(t, outer, 1)
		onlyErrors(t, outer[0], 1, errMine)
		assert.Equal(t, 100*time.Millisecond, time.Since(began))
	})
}

// A child that does not heed its cancellation fails while the body takes its
// time to end. In asyncio the child is not cancelled before the body has ended.
func crashSoon(context.Context) (none, error) {
	time.Sleep(300 * time.Millisecond)
	return none{}, errZero
}

func slowToEnd(ctx context.Context) error {
	task.Go(ctx, crashSoon)
	err := task.Sleep(ctx, 10*time.Second)
	time.Sleep(500 * time.Millisecond)
	return err
}

func TestTaskGroup15And16FailureWhileBodyEnds(t *testing.T) {
	for name, start := range map[string]func(context.Context) *task.Task[none]{
		"the group's task": func(ctx context.Context) *task.Task[none] { return group(ctx, slowToEnd) },
		"a task that awaits it": func(ctx context.Context) *task.Task[none] {
			return task.Go(ctx, func(ctx context.Context) (none, error) {
				// The waiter's ctx ends its wait, in asyncio as here; there, it
				// also cancels what it awaits and goes on to wait for that.
				return group(ctx, slowToEnd).Await(context.WithoutCancel(ctx))
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				r := start(ctx)
				time.Sleep(100 * time.Millisecond)
				require.False(t, r.State().Final())
				r.Cancel(nil)
				_, err := r.Await(ctx)
				onlyErrors(t, err, 1, errZero)
			})
		})
	}
}

func TestTaskGroup17CancelledWithoutChildren(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var in error
		r := group(ctx, func(ctx context.Context) error {
			in = task.Sleep(ctx, 10*time.Second)
			return in
		})
		time.Sleep(100 * time.Millisecond)
		r.Cancel(nil)
		_, err := r.Await(ctx)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, task.Canceled, r.State())
		assert.ErrorIs(t, in, context.Canceled)
	})
}

func TestTaskGroup18BodyTurnsCancellationIntoError(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		r := group(ctx, func(ctx context.Context) error {
			_ = task.Sleep(ctx, 10*time.Second)
			return errMine
		})
		time.Sleep(100 * time.Millisecond)
		r.Cancel(nil)
		_, err := r.Await(ctx)
		onlyErrors(t, err, 1, errMine)
	})
}

func TestTaskGroup19ChildAndBodyFail(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		_, err := group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(100*time.Millisecond, errZero))
			_ = task.Sleep(ctx, 10*time.Second)
			return errMine
		}).Await(ctx)
		errs := errorsOf(t, err)
		require.Len(t, errs, 2)
		assert.ErrorIs(t, errs[0], errZero)
		assert.ErrorIs(t, errs[1], errMine)
	})
}

// KeyboardInterrupt is let through, by asyncio. What is let through here is
// Goexit, and the errors that nobody sees then are reported.
func TestTaskGroup20GoexitGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var reported []error
		returned := false
		done := make(chan none)
		go func() {
			defer close(done)
			_ = task.Group(ctx, func(ctx context.Context) error {
				task.Go(ctx, failAfter(100*time.Millisecond, errZero))
				_ = task.Sleep(ctx, 10*time.Second)
				runtime.Goexit()
				return nil
			}, task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
			returned = true
		}()
		<-done
		assert.False(t, returned)
		require.Len(t, reported, 1)
		assert.ErrorIs(t, reported[0], errZero)
	})
}

func TestTaskGroup20aBodyPanics(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(100*time.Millisecond, errZero))
			_ = task.Sleep(ctx, 10*time.Second)
			panic(errMine)
		})
		errs := errorsOf(t, err)
		require.Len(t, errs, 2)
		assert.ErrorIs(t, errs[0], errZero)
		var panicked *task.PanicError
		require.ErrorAs(t, errs[1], &panicked)
		assert.ErrorIs(t, panicked, errMine)
	})
}

func TestTaskGroup21aChildPanics(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, func(context.Context) (none, error) {
				time.Sleep(100 * time.Millisecond)
				panic(errMine)
			})
			_ = task.Sleep(ctx, 10*time.Second)
			return errZero
		})
		errs := errorsOf(t, err)
		require.Len(t, errs, 2)
		var panicked *task.PanicError
		require.ErrorAs(t, errs[0], &panicked)
		assert.ErrorIs(t, panicked, errMine)
		assert.ErrorIs(t, errs[1], errZero)
	})
}

func TestTaskGroup22CancelledWhileItWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		r := group(ctx, func(ctx context.Context) error {
			task.Go(ctx, after(time.Second, 42))
			task.Go(ctx, after(2*time.Second, 11))
			return nil
		})
		time.Sleep(50 * time.Millisecond)
		r.Cancel(nil)
		_, err := r.Await(ctx)
		require.ErrorIs(t, err, context.Canceled)
	})
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

func TestTaskGroupNoTaskAfterFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(group context.Context) error {
			task.Go(group, failAfter(time.Millisecond, errZero))
			task.Go(group, func(ctx context.Context) (none, error) {
				assert.Error(t, task.Sleep(ctx, time.Second))
				ran := false
				late := task.Go(group, func(context.Context) (none, error) { ran = true; return none{}, nil })
				_, err := late.Await(context.Background())
				assert.ErrorIs(t, err, task.ErrCanceling)
				assert.False(t, ran)
				return none{}, nil
			})
			return nil
		})
		onlyErrors(t, err, 1, errZero)
	})
}

func TestTaskGroupCleanupOfBodyFails(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		child := errors.New("child")
		err := task.Group(ctx, func(ctx context.Context) (err error) {
			defer func() { err = errMine }() // a database that fails to close
			task.Go(ctx, func(context.Context) (none, error) { return none{}, child })
			return task.Sleep(ctx, time.Second)
		})
		errs := errorsOf(t, err)
		require.Len(t, errs, 2)
		assert.ErrorIs(t, errs[0], child)
		assert.ErrorIs(t, errs[1], errMine)
		assert.NoError(t, ctx.Err(), "the failure stays inside")
	})
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
