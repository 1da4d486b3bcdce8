package periodic_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/periodic"
)

// A periodic function whose ctx does not end with its scope ends when that is ending: at
// once between two runs, and otherwise after the run, whose failure is returned.
func TestEndsWithAScopeThatDoesNotCancelIt(t *testing.T) {
	tests := []struct {
		name, reason string
		period       time.Duration
		fn           func(ctx context.Context) error
		after        time.Duration
		state        task.State
	}{
		{"between runs", "it does not wait for the next one", time.Hour,
			func(context.Context) error { return nil }, 3 * s / 2, task.Canceled},
		{"in a run", "which is protected", s,
			func(context.Context) error { time.Sleep(5 * s); return nil }, 6 * s, task.Canceled},
		{"in a run that fails", "no other run will follow", s,
			func(context.Context) error { time.Sleep(5 * s); return errBroken }, 6 * s, task.Failed},
		{"always late", "it is due at once each time", s,
			func(context.Context) error { time.Sleep(2 * s); return nil }, 3 * s, task.Canceled},
	}
	scopes := map[string]func(ctx context.Context, start func(context.Context)) error{
		"aborted Group": func(ctx context.Context, start func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error {
				start(context.WithoutCancel(ctx))
				time.Sleep(3 * s / 2) // when no run is due
				return errAborted
			})
		},
		"ended Run": func(ctx context.Context, start func(context.Context)) error {
			_, err := task.Run(ctx, func(ctx context.Context) (int, error) {
				task.Start(ctx, func(ctx context.Context) error {
					// The task is cancelled when the Run ends. What it calls with this ctx is not.
					start(context.WithoutCancel(ctx))
					return nil
				})
				time.Sleep(3 * s / 2) // when no run is due
				return 0, errAborted
			})
			return err
		},
	}
	for scopeName, scope := range scopes {
		for _, tt := range tests {
			t.Run(scopeName+"/"+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var err error
					var loop *task.Task[struct{}]
					opts := []periodic.Option{periodic.CatchUp(1000),
						periodic.OnFailure(func(f periodic.Failure) { t.Errorf("reported: %v", f.Err) })}
					began := time.Now()
					ended := scope(t.Context(), func(ctx context.Context) {
						if scopeName == "aborted Group" {
							loop = periodic.Go(ctx, tt.period, tt.fn, opts...)
							return
						}
						err = periodic.Every(ctx, tt.period, tt.fn, opts...)
					})
					assert.ErrorIs(t, ended, errAborted)
					assert.Equal(t, tt.after, time.Since(began), tt.reason)
					if loop != nil {
						assert.Equal(t, tt.state, loop.State(), tt.reason)
						err = loop.Err()
					}
					if tt.state == task.Failed {
						assert.Equal(t, errBroken, err)
						return
					}
					var canceled *task.CanceledError
					assert.ErrorAs(t, err, &canceled)
					assert.ErrorIs(t, err, task.ErrCanceling)
					assert.ErrorIs(t, err, context.Canceled)
					assert.NotErrorIs(t, ended, task.ErrCanceling)
				})
			})
		}
	}
}

var errAborted = errors.New("aborted")

// A Group that is opened for a clean-up may need it until the clean-up has ended.
func TestRunsInACleanUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		err := task.Group(t.Context(), func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error {
				<-ctx.Done()
				return task.Group(context.WithoutCancel(ctx), func(ctx context.Context) error {
					renew := periodic.Go(ctx, s, func(context.Context) error { runs++; return nil })
					time.Sleep(10*s + s/2)
					renew.Cancel(nil)
					return nil
				})
			})
			return errAborted
		})
		assert.ErrorIs(t, err, errAborted)
		assert.Equal(t, 10, runs)
	})
}
