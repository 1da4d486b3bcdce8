package task_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A wait whose ctx and task end at the same moment returns the task: what has
// ended is not to be waited for again. With one processor the two happen before
// the waiter runs, unless it is preempted in between.
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
