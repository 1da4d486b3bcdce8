package task_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
)

// A supervisor gives those who wait for a task more time to look at its error, however
// they wait.
func TestSupervisorHeedsThoseWhoWait(t *testing.T) {
	for name, wait := range map[string]func(failed *task.Task[none], looked chan<- none){
		"OnDone": func(failed *task.Task[none], looked chan<- none) {
			failed.OnDone(func(failed *task.Task[none]) {
				time.Sleep(500 * time.Millisecond)
				assert.ErrorIs(t, failed.Err(), errMine)
				close(looked)
			})
		},
		"Done": func(failed *task.Task[none], looked chan<- none) {
			done := failed.Done()
			go func() {
				<-done
				time.Sleep(500 * time.Millisecond)
				assert.ErrorIs(t, failed.Err(), errMine)
				close(looked)
			}()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var reported []error
			err := task.Group(t.Context(), func(ctx context.Context) error {
				failed := task.Start(ctx, func(context.Context) error { time.Sleep(time.Second); return errMine })
				looked := make(chan none)
				wait(failed, looked)
				<-looked
				return nil
			}, task.FailFast(false), task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
			assert.NoError(t, err, name)
			assert.Empty(t, reported, name)
		})
	}
}
