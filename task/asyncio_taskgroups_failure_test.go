package task_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

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

// A child that ignores its cancellation fails while the body takes time to end. In
// asyncio, the child is not cancelled before the body has ended.
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
				// The waiter's ctx ends its wait, as in asyncio. There, the waiter also cancels
				// what it awaits and then waits for that.
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

// asyncio lets KeyboardInterrupt through. Here, Goexit is let through, and errors that
// nobody then sees are reported.
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
