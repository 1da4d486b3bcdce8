package remote_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
)

// serving is an engine of workers alone.
type serving func(context.Context) error

func (s serving) Do(context.Context, *remote.Job) (*remote.Outcome, error) { return nil, nil }
func (s serving) Serve(ctx context.Context, _ []string, _ int, _ remote.Handler) error {
	return s(ctx)
}

// What the engine cannot go on for is returned, though nothing has begun to drain.
func TestAnEngineThatFailsBeforeTheWorkerDrains(t *testing.T) {
	lost := errors.New("no connection")
	engine := serving(func(context.Context) error { return lost })
	require.ErrorIs(t, remote.Serve(t.Context(), engine, []remote.Callable{incremented}, remote.Drain(time.Hour)), lost)
}

// A worker takes no more jobs when the scope that it is in is ending, even if its ctx does
// not end then.
func TestServeEndsWithAScopeThatDoesNotCancelIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("no disk")
		engine := remote.NewLocal()
		var worker *task.Task[struct{}]
		err := task.Group(t.Context(), func(ctx context.Context) error {
			worker = task.Start(context.WithoutCancel(ctx), func(ctx context.Context) error {
				return remote.Serve(ctx, engine, []remote.Callable{incremented})
			})
			n, err := incremented.On(engine)(ctx, 1)
			assert.NoError(t, err)
			assert.Equal(t, 2, n)
			return lost
		})
		assert.ErrorIs(t, err, lost)
		assert.NoError(t, worker.Err())
	})
}
