package shared_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/shared"
)

func TestNilCtxStartsNothing(t *testing.T) {
	calls := shared.New(t.Context(), func(context.Context, string) (int, error) {
		assert.Fail(t, "called")
		return 0, nil
	})
	var none context.Context
	assert.PanicsWithValue(t, task.ErrNilContext, func() { _, _ = calls.Do(none, "key") })
	assert.Zero(t, calls.Len())
}
