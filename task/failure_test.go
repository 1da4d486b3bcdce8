package task_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A function that ends because of its ctx may also have failed.
func TestFailureBesideACancellationIsKept(t *testing.T) {
	for _, tt := range []struct {
		name, reason string
		with         func(ctx context.Context) error
		failed       bool
	}{
		{"joined", "a clean-up failed", func(ctx context.Context) error { return errors.Join(ctx.Err(), errMine) }, true},
		{"joined with the cause", "likewise", func(ctx context.Context) error { return errors.Join(context.Cause(ctx), errMine) }, true},
		{"two verbs", "which step it was is an error of its own", func(ctx context.Context) error { return fmt.Errorf("%w: %w", errMine, ctx.Err()) }, true},
		{"deep", "at any depth", func(ctx context.Context) error {
			return fmt.Errorf("a: %w", errors.Join(ctx.Err(), fmt.Errorf("b: %w", errMine)))
		}, true},
		{"wrapped", "text is no failure", func(ctx context.Context) error { return fmt.Errorf("a: %w", ctx.Err()) }, false},
		{"joined twice", "both are the cancellation", func(ctx context.Context) error { return errors.Join(ctx.Err(), context.Cause(ctx)) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			fn := func(ctx context.Context) (none, error) { <-ctx.Done(); return none{}, tt.with(ctx) }
			inBubble(t, func(t *testing.T, ctx context.Context) {
				check := func(err error) {
					t.Helper()
					assert.Equal(t, tt.failed, errors.Is(err, errMine), "%v", err)
				}
				child := task.Go(ctx, fn)
				child.Cancel(errZero)
				_, err := child.Await(ctx)
				check(err)
				assert.Equal(t, tt.failed, child.State() == task.Failed)

				outer, cancel := context.WithCancel(ctx)
				check(task.Group(outer, func(ctx context.Context) error { cancel(); task.Go(ctx, fn); return nil }))
				check(task.Group(outer, func(ctx context.Context) error { return tt.with(ctx) }))
				_, err = task.Within(ctx, time.Second, fn)
				check(err)
				_, err = task.Go(ctx, fn, task.Timeout(time.Second)).Await(ctx)
				check(err)
				_, err = task.WaitFor(ctx, task.Go(ctx, fn), time.Second)
				check(err)
			})
		})
	}
}

// The TimeoutError has the error that a function returned when its time was over.
func TestTimeoutKeepsWhatTheFunctionReturned(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		fn := func(ctx context.Context) (none, error) {
			<-ctx.Done()
			return none{}, fmt.Errorf("step 7: %w", ctx.Err())
		}
		_, byOption := task.Go(ctx, fn, task.Timeout(time.Second)).Await(ctx)
		_, within := task.Within(ctx, time.Second, fn)
		_, waitFor := task.WaitFor(ctx, task.Go(ctx, fn), time.Second)
		for _, err := range []error{byOption, within, waitFor} {
			var timeout *task.TimeoutError
			require.ErrorAs(t, err, &timeout)
			assert.ErrorContains(t, timeout.Err, "step 7")
		}
		outer, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := task.Within(outer, time.Hour, fn)
		assert.ErrorContains(t, err, "step 7", "it says so when cancelled from outside, too")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// The methods of an error are user code: what they do counts as done by the function.
func TestErrorWhoseMethodsPanic(t *testing.T) {
	typedNil := func(ctx context.Context) error { <-ctx.Done(); var e *fs.PathError; return e }
	inBubble(t, func(t *testing.T, ctx context.Context) {
		child := task.Start(ctx, typedNil)
		child.Cancel(nil)
		_, err := child.Await(ctx)
		var p *task.PanicError
		require.ErrorAs(t, err, &p)
		assert.Equal(t, task.Panicked, child.State())

		outer, cancel := context.WithCancel(ctx)
		ended := false
		err = task.Group(outer, func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error { <-ctx.Done(); time.Sleep(time.Second); ended = true; return nil })
			cancel()
			return typedNil(ctx)
		})
		require.ErrorAs(t, err, &p)
		assert.True(t, ended, "the Group waited for its child")
	})
}

func TestObserverThatExitsOrPanicsKeepsNoTaskFromEnding(t *testing.T) {
	for name, f := range map[string]func(task.Finished){
		"panic":  func(task.Finished) { panic(errMine) },
		"Goexit": func(task.Finished) { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			var reported atomic.Int32
			_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
				defer task.OnFinished(f)()
				child := task.Start(ctx, func(context.Context) error { return errMine })
				_, err := child.Await(ctx)
				assert.ErrorIs(t, err, errMine)
				return none{}, nil
			}, task.Unobserved(func(task.Info, error) { reported.Add(1) }))
			require.NoError(t, err)
			assert.EqualValues(t, 1, reported.Load())
		})
	}
}

// The same error from body and from a child is two failures, unless body passes it on.
func TestBodyFailsInTheSameWayAsAChild(t *testing.T) {
	for _, looks := range []bool{false, true} {
		err := task.Group(t.Context(), func(ctx context.Context) error {
			c := task.Start(ctx, func(context.Context) error { return errMine })
			<-c.Done()
			if looks {
				return c.Err()
			}
			return errMine
		})
		want := 2
		if looks {
			want = 1
		}
		onlyErrors(t, err, want, errMine)
	}
}

func TestZeroTask(t *testing.T) {
	var zero task.Task[int]
	_, err := zero.Await(t.Context())
	assert.ErrorIs(t, err, task.ErrNotStarted)
	assert.ErrorIs(t, zero.Err(), task.ErrNotStarted)
	<-zero.Done()
}

func TestRunWaitsForTheCallbacksOfItsMain(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		called := false
		_, _ = task.Run(ctx, func(context.Context) (none, error) {
			task.Current().(*task.Task[none]).OnDone(func(*task.Task[none]) { time.Sleep(time.Second); called = true })
			return none{}, nil
		})
		assert.True(t, called)
	})
}
