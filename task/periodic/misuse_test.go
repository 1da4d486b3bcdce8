package periodic_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/periodic"
)

func TestNilCtx(t *testing.T) {
	var none context.Context
	nothing := func(context.Context) error { return nil }
	for name, call := range map[string]func(){
		"Go":    func() { periodic.Go(none, time.Hour, nothing) },
		"Every": func() { _ = periodic.Every(none, time.Hour, nothing, periodic.Now()) },
	} {
		t.Run(name, func(t *testing.T) { assert.PanicsWithValue(t, task.ErrNilContext, call) })
	}
}

func TestNilOption(t *testing.T) {
	nothing := func(context.Context) error { return nil }
	for name, call := range map[string]func(){
		"Go":    func() { periodic.Go(t.Context(), time.Hour, nothing, nil) },
		"Every": func() { _ = periodic.Every(t.Context(), time.Hour, nothing, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { assert.IsType(t, new(periodic.UsageError), recover()) }()
			call()
		})
	}
}
