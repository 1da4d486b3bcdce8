package remote_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
