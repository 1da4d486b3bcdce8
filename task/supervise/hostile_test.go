package supervise_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/supervise"
)

func TestDeadlineBetweenTwoRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		err := supervise.Run(ctx, func(context.Context) error { return errors.New("x") },
			supervise.Backoff(func(int, error) time.Duration { return time.Minute }), supervise.OnFailure(func(supervise.Failure) {}))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, context.Canceled)
	})
}

// A supervised function that waits for the task which supervises it.
func TestRunInACycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var supervisor *task.Task[struct{}]
		ready := make(chan struct{})
		supervisor = supervise.Go(t.Context(), func(ctx context.Context) error {
			<-ready
			_, err := supervisor.Await(ctx)
			return err
		}, supervise.RestartIf(func(err error) bool { return !errors.Is(err, task.ErrDeadlock) }))
		close(ready)
		_, err := supervisor.Await(t.Context())
		require.ErrorIs(t, err, task.ErrDeadlock)
	})
}

// A Goexit in a function of an option ends the goroutine of Run, which then can't return
// the failure, and reports it.
func TestGoexitInAnOption(t *testing.T) {
	for name, o := range map[string]supervise.Option{
		"RestartIf":  supervise.RestartIf(func(error) bool { runtime.Goexit(); return true }),
		"Backoff":    supervise.Backoff(func(int, error) time.Duration { runtime.Goexit(); return 0 }),
		"OnFailure":  supervise.OnFailure(func(supervise.Failure) { runtime.Goexit() }),
		"the logger": supervise.Backoff(func(int, error) time.Duration { return 0 }),
	} {
		t.Run(name, func(t *testing.T) {
			errFailed := &exits{}
			var reported []error
			_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
				return 0, supervise.Run(ctx, func(context.Context) error { return errFailed }, o)
			}, task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
			assert.ErrorIs(t, err, task.ErrGoexit)
			require.Len(t, reported, 1)
			assert.ErrorIs(t, reported[0], errFailed)
			assert.ErrorIs(t, reported[0], task.ErrGoexit)
		})
	}
}

// exits is an error whose text ends the goroutine that asks for it.
type exits struct{ _ int }

func (*exits) Error() string { runtime.Goexit(); return "" }
