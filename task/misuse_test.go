package task_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// Every function reports a nil ctx as such, also if it would not have had to wait.
func TestNilCtx(t *testing.T) {
	var none context.Context
	ended := task.Go(t.Context(), one)
	_, err := ended.Await(t.Context())
	require.NoError(t, err)
	nothing := func(context.Context) error { return nil }
	for name, call := range map[string]func(){
		"Go":            func() { task.Go(none, one) },
		"Start":         func() { task.Start(none, nothing) },
		"Serve":         func() { _, _, _ = task.Serve(none, func(context.Context, func(int)) error { return nil }) },
		"Promise":       func() { task.Promise[int](none) },
		"Run":           func() { _, _ = task.Run(none, one) },
		"Group":         func() { _ = task.Group(none, nothing) },
		"Shield":        func() { _, _ = task.Shield(none, one) },
		"ToThread":      func() { _, _ = task.ToThread(none, one) },
		"Within":        func() { _, _ = task.Within(none, time.Hour, one) },
		"Sleep":         func() { _ = task.Sleep(none, 0) },
		"Await":         func() { _, _ = ended.Await(none) },
		"WaitFor":       func() { _, _ = task.WaitFor(none, ended, time.Hour) },
		"Wait":          func() { _, _, _ = task.Wait(none, task.AllCompleted, ended) },
		"Wait for none": func() { _, _, _ = task.Wait[task.Handle](none, task.AllCompleted) },
		"AsCompleted":   func() { task.AsCompleted(none, ended) },
		"Members.Until": func() { _ = new(task.Members).Until(none, ended.Done()) },
		"CancelScope":   func() { task.CancelScope(none, nil) },
		"UntilEnding":   func() { task.UntilEnding(none) },
		"Report":        func() { task.Report(none, errMine) },
		"SetTimeout":    func() { task.SetTimeout(none, time.Hour) },
		"FromContext":   func() { task.FromContext(none) },
	} {
		t.Run(name, func(t *testing.T) {
			assert.PanicsWithValue(t, task.ErrNilContext, call)
		})
	}
}

func TestNilOption(t *testing.T) {
	nothing := func(context.Context) error { return nil }
	for name, call := range map[string]func(){
		"Go":      func() { task.Go(t.Context(), one, nil) },
		"Start":   func() { task.Start(t.Context(), nothing, task.Name("n"), nil) },
		"Serve":   func() { _, _, _ = task.Serve(t.Context(), func(context.Context, func(int)) error { return nil }, nil) },
		"Promise": func() { task.Promise[int](t.Context(), nil) },
		"Run":     func() { _, _ = task.Run(t.Context(), one, nil) },
		"Group":   func() { _ = task.Group(t.Context(), nothing, nil) },
		"Shield":  func() { _, _ = task.Shield(t.Context(), one, nil) },
		"ToThread": func() {
			_, _ = task.ToThread(t.Context(), one, nil)
		},
		"Snapshot":  func() { task.Snapshot(nil) },
		"WriteTree": func() { _ = task.WriteTree(io.Discard, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				assert.IsType(t, new(ctxvar.UsageError), recover())
			}()
			call()
		})
	}
}
