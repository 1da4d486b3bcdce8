package task_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// The handle of a task does not keep the Run alive in which the task was, nor what that
// returned, whatever the task did with its scope.
func TestHandleKeepsNoScope(t *testing.T) {
	for name, use := range map[string]func(ctx context.Context){
		"nothing":     func(context.Context) {},
		"UntilEnding": func(ctx context.Context) { _, stop := task.UntilEnding(ctx); stop() },
		"SetTimeout":  func(ctx context.Context) { task.SetTimeout(ctx, time.Hour) },
		"CancelScope": func(ctx context.Context) { task.CancelScope(ctx, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var kept *task.Task[none]
			gone := make(chan none)
			result, _ := task.Run(t.Context(), func(ctx context.Context) (*[64]int, error) {
				kept = task.Start(ctx, func(ctx context.Context) error { use(ctx); return nil })
				_, _ = kept.Await(context.WithoutCancel(ctx))
				return new([64]int), nil
			})
			runtime.AddCleanup(result, func(int) { close(gone) }, 0)
			deadline := time.After(time.Minute) // of a test that fails
			for {
				runtime.GC()
				select {
				case <-gone:
					runtime.KeepAlive(kept)
					return
				case <-deadline:
					t.Fatal("what the Run returned is kept")
				default:
				}
			}
		})
	}
}
