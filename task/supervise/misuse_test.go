package supervise_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/supervise"
)

func TestNilCtx(t *testing.T) {
	var none context.Context
	nothing := func(context.Context) error { return nil }
	for name, call := range map[string]func(){
		"Go":  func() { supervise.Go(none, nothing) },
		"Run": func() { _ = supervise.Run(none, nothing) },
	} {
		t.Run(name, func(t *testing.T) { assert.PanicsWithValue(t, task.ErrNilContext, call) })
	}
}

func TestNilOption(t *testing.T) {
	nothing := func(context.Context) error { return nil }
	for name, call := range map[string]func(){
		"Go":  func() { supervise.Go(t.Context(), nothing, nil) },
		"Run": func() { _ = supervise.Run(t.Context(), nothing, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { assert.IsType(t, new(supervise.UsageError), recover()) }()
			call()
		})
	}
}
