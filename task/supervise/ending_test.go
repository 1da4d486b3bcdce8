package supervise_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/supervise"
)

// A supervised function whose ctx does not end with its scope is not run again when that
// is ending: the wait between two runs ends at once, and the failure of a run that was
// going on is returned.
func TestEndsWithAScopeThatDoesNotCancelIt(t *testing.T) {
	errAborted := errors.New("aborted")
	tests := []struct {
		name, reason string
		fn           func(ctx context.Context) error
		opts         []supervise.Option
		after        time.Duration
		state        task.State
	}{
		{"between runs", "it does not wait for the next one",
			func(context.Context) error { return errBroken }, []supervise.Option{supervise.Delay(time.Hour, time.Hour)}, time.Second, task.Canceled},
		{"without a wait", "there is no other moment",
			func(context.Context) error { time.Sleep(300 * time.Millisecond); return errBroken },
			[]supervise.Option{supervise.Backoff(func(int, error) time.Duration { return 0 })}, 1200 * time.Millisecond, task.Failed},
		{"in a run that fails", "the run is protected, and its failure is the last one",
			func(context.Context) error { time.Sleep(5 * time.Second); return errBroken }, nil, 5 * time.Second, task.Failed},
		{"in a run that returns", "it returned because of that, and is not run again",
			func(ctx context.Context) error { time.Sleep(5 * time.Second); return ctx.Err() }, []supervise.Option{supervise.Permanent()}, 5 * time.Second, task.Succeeded},
	}
	for _, tt := range tests {
		t.Run("Go/"+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var failures told
				var loop *task.Task[struct{}]
				began := time.Now()
				err := task.Group(t.Context(), func(ctx context.Context) error {
					loop = supervise.Go(context.WithoutCancel(ctx), tt.fn, append(tt.opts, failures.hear())...)
					time.Sleep(time.Second)
					return errAborted
				})
				assert.ErrorIs(t, err, errAborted)
				assert.Equal(t, tt.after, time.Since(began), tt.reason)
				assert.Equal(t, tt.state, loop.State(), tt.reason)
				assert.Equal(t, tt.state == task.Canceled, errors.Is(loop.Err(), task.ErrCanceling))
				assert.NotErrorIs(t, err, task.ErrCanceling, "only failures are the Group's")
				assert.Equal(t, tt.state == task.Failed, errors.Is(err, errBroken))
			})
		})
		t.Run("Run/"+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var failures told
				var loop error
				began := time.Now()
				_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
					task.Start(ctx, func(ctx context.Context) error {
						loop = supervise.Run(context.WithoutCancel(ctx), tt.fn, append(tt.opts, failures.hear())...)
						return nil
					})
					time.Sleep(time.Second)
					return 0, errAborted
				})
				assert.ErrorIs(t, err, errAborted)
				assert.Equal(t, tt.after, time.Since(began), tt.reason)
				assert.Equal(t, tt.state == task.Canceled, errors.Is(loop, task.ErrCanceling))
				assert.Equal(t, tt.state == task.Failed, loop == errBroken)
			})
		})
	}
}

// A clean-up in a scope that is ending is run once, as a plain call would be, and again
// if it has a Group of its own.
func TestRunInACleanUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plain, grouped := 0, 0
		flush := func(runs *int) func(context.Context) error {
			return func(context.Context) error {
				if *runs++; *runs < 3 {
					return errBroken
				}
				return nil
			}
		}
		var failures told
		err := task.Group(t.Context(), func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error {
				<-ctx.Done()
				ctx = context.WithoutCancel(ctx)
				assert.Equal(t, errBroken, supervise.Run(ctx, flush(&plain), failures.hear()))
				return task.Group(ctx, func(ctx context.Context) error {
					return supervise.Run(ctx, flush(&grouped), failures.hear())
				})
			})
			return errors.New("aborted")
		})
		assert.EqualError(t, err, "task: group: body: aborted")
		assert.Equal(t, 1, plain)
		assert.Equal(t, 3, grouped)
	})
}
