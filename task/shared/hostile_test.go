package shared_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
	"github.com/heirloom-go/heirloom/task/shared"
)

// A callback may use the Calls, even that of a task that was refused.
func TestCallbackOfARefusedTaskUsesTheCalls(t *testing.T) {
	var calls *shared.Calls[int, int]
	_ = task.Group(t.Context(), func(ctx context.Context) error {
		calls = shared.New(ctx, func(context.Context, int) (int, error) { return 1, nil },
			scope.OnEnd(func(task.Handle) { calls.Len() }))
		return nil
	})
	got := make(chan error, 1)
	go func() { _, err := calls.Do(context.Background(), 1); got <- err }()
	select {
	case err := <-got:
		assert.ErrorIs(t, err, task.ErrEnded)
	case <-time.After(3 * time.Second):
		t.Fatal("hangs")
	}
}
