package task_test

import (
	"context"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
)

func TestOwnThread(t *testing.T) {
	ctx := t.Context()
	both := make(chan int)
	own := func(ctx context.Context) (int, error) {
		tid := syscall.Gettid()
		both <- tid
		for range 100 {
			runtime.Gosched()
			time.Sleep(time.Microsecond)
			if now := syscall.Gettid(); now != tid {
				assert.Equal(t, tid, now)
			}
		}
		inner := task.Go(ctx, func(context.Context) (int, error) { return syscall.Gettid(), nil })
		elsewhere, err := inner.Await(ctx)
		assert.NotEqual(t, tid, elsewhere, "what it starts runs elsewhere")
		return tid, err
	}
	a, b := task.Go(ctx, own, task.OwnThread()), task.Go(ctx, own, task.OwnThread())
	assert.NotEqual(t, <-both, <-both)
	for _, child := range []*task.Task[int]{a, b} {
		_, err := child.Await(ctx)
		assert.NoError(t, err)
	}
}
