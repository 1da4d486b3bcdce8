package supervise_test

import (
	"context"
	"errors"
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
