package task_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
)

// The numbers by state are kept, and not counted when somebody looks. So each way into
// a wait and out of it must record both.
func TestNumbersByState(t *testing.T) {
	numbers := func() [3]int {
		s := task.Snapshot().States
		return [3]int{s[task.Running], s[task.Waiting], s[task.Queued]}
	}
	for name, wait := range map[string]func(ctx context.Context, on *task.Task[none]) error{
		"Await": func(ctx context.Context, on *task.Task[none]) error { _, err := on.Await(ctx); return err },
		"Wait": func(ctx context.Context, on *task.Task[none]) error {
			other := task.Go(ctx, func(context.Context) (none, error) { return none{}, nil })
			_, _, err := task.Wait(ctx, task.AllCompleted, on, other)
			return err
		},
		"Group": func(ctx context.Context, on *task.Task[none]) error {
			return task.Group(ctx, func(ctx context.Context) error {
				task.Start(ctx, func(ctx context.Context) error { _, err := on.Await(ctx); return err })
				return nil
			})
		},
	} {
		for _, callback := range []bool{false, true} { // a task with callbacks ends in another way
			inBubble(t, func(t *testing.T, ctx context.Context) {
				before := numbers()
				release := make(chan none)
				on := task.Go(ctx, func(context.Context) (none, error) { <-release; return none{}, nil })
				if callback {
					on.OnDone(func(*task.Task[none]) {})
				}
				awaited := task.Start(ctx, func(ctx context.Context) error { return wait(ctx, on) })
				cancelled := task.Start(ctx, func(ctx context.Context) error { return wait(ctx, on) })
				synctest.Wait()
				waiting := numbers()
				assert.Equal(t, before[0]+1, waiting[0], name)
				assert.GreaterOrEqual(t, waiting[1], before[1]+2, name)
				cancelled.Cancel(errors.New("enough"))
				synctest.Wait()
				assert.Less(t, numbers()[1], waiting[1], name)
				close(release)
				synctest.Wait()
				assert.NoError(t, awaited.Err(), name)
				assert.Equal(t, before, numbers(), name)
			})
		}
	}
}
