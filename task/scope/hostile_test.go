package scope_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

// A wait for a callback ends as any other wait does.
func TestScopeWaitForACallbackIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		s := scope.New(t.Context(), scope.OnEnd(func(task.Handle) { <-hold }))
		scope.Go(s, func(context.Context) (int, error) { return 0, nil })
		synctest.Wait()
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		err := s.Wait(ctx)
		close(hold)
		var te *task.Error
		require.ErrorAs(t, err, &te)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, why)
	})
}
