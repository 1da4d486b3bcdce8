package scope_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

func TestWaitWithNilCtx(t *testing.T) {
	var none context.Context
	assert.PanicsWithValue(t, task.ErrNilContext, func() { _ = scope.New(t.Context()).Wait(none) })
}

func TestNilOption(t *testing.T) {
	s := scope.New(t.Context())
	for name, call := range map[string]func(){
		"New": func() { scope.New(t.Context(), nil) },
		"Go":  func() { scope.Go(s, func(context.Context) (int, error) { return 1, nil }, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { assert.IsType(t, new(ctxvar.UsageError), recover()) }()
			call()
		})
	}
	assert.NoError(t, s.Wait(t.Context()), "no task was started")
}
