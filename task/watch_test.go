package task_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// If the ctx and the task of a wait end at the same moment, the wait returns the task:
// nobody should wait again for a task that has ended. With one processor, both happen
// before the waiter runs, unless it is preempted in between.
func TestWhatEndsWithTheCtxIsReturned(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	returned := 0
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			promise, complete := task.Promise[int](t.Context())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			result := make(chan error, 1)
			go func() {
				done, _, err := task.Wait(ctx, task.FirstCompleted, promise)
				if err == nil && len(done) == 1 {
					returned++
				}
				result <- err
			}()
			synctest.Wait()
			cancel()
			require.True(t, complete(1, nil))
			if err := <-result; err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
		})
	}
	assert.Positive(t, returned)
}

// A wait with the task's own ctx ends when the task is cancelled, and ends at once if
// it already was.
func TestWaitWithTheTasksOwnCtx(t *testing.T) {
	for name, wait := range map[string]func(ctx context.Context, a, b *task.Task[int]) error{
		"Await": func(ctx context.Context, a, _ *task.Task[int]) error {
			_, err := a.Await(ctx)
			return err
		},
		"Wait": func(ctx context.Context, a, b *task.Task[int]) error {
			_, _, err := task.Wait(ctx, task.AllCompleted, a, b)
			return err
		},
		"AsCompleted": func(ctx context.Context, a, b *task.Task[int]) (err error) {
			for _, err = range task.AsCompleted(ctx, a, b) {
				break
			}
			return err
		},
		"Until": func(ctx context.Context, a, _ *task.Task[int]) error {
			return new(task.Members).Until(ctx, a.Done())
		},
	} {
		for _, canceled := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, canceled before: %t", name, canceled), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx := context.Background() // nothing else ends the wait
					a, b := task.Go(ctx, after(tenth, 1)), task.Go(ctx, after(tenth, 1))
					waiter := task.Go(ctx, func(ctx context.Context) (none, error) {
						if canceled {
							task.Current().Cancel(errMine)
						}
						began := elapsed()
						err := wait(ctx, a, b)
						assert.Zero(t, began())
						assert.ErrorIs(t, err, context.Canceled)
						assert.ErrorIs(t, err, errMine)
						return none{}, nil
					})
					synctest.Wait()
					if !canceled {
						waiter.Cancel(errMine)
					}
					for _, ended := range []task.Handle{waiter, a, b} {
						<-ended.Done()
					}
				})
			})
		}
	}
}
