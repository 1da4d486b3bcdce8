package joinset_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/joinset"
)

func TestNilCtx(t *testing.T) {
	var none context.Context
	set := joinset.New[int](t.Context())
	for name, call := range map[string]func(){
		"Results": func() { set.Results(none) },
		"Tasks":   func() { set.Tasks(none) },
	} {
		t.Run(name, func(t *testing.T) { assert.PanicsWithValue(t, task.ErrNilContext, call) })
	}
}

func TestNilOptionLeavesNothing(t *testing.T) {
	set := joinset.New[int](t.Context())
	assert.Panics(t, func() { set.Go(func(context.Context) (int, error) { return 1, nil }, nil) })
	assert.Zero(t, set.Len())
	for range set.Results(t.Context()) {
		assert.Fail(t, "a result of a task that was not started")
	}
}
