package remotetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
)

var narrow = remote.New("remotetest-narrow",
	func(_ context.Context, n int) (int, error) { return n, nil }, remote.Backlog(5))

func testBacklog(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{narrow}, remote.Concurrency(4))
	numbers := make([]int, 100)
	for i := range numbers {
		numbers[i] = i
	}
	got, err := gather.Map(s.ctx, numbers, narrow.On(s.caller))
	require.NoError(t, err)
	assert.Equal(t, numbers, got)
}

// busy counts the jobs of two functions that run.
var busy [2]struct{ now, most atomic.Int64 }

func count(i int) func(ctx context.Context, pause time.Duration) (int, error) {
	return func(ctx context.Context, pause time.Duration) (int, error) {
		now := busy[i].now.Add(1)
		defer busy[i].now.Add(-1)
		for most := busy[i].most.Load(); now > most && !busy[i].most.CompareAndSwap(most, now); {
			most = busy[i].most.Load()
		}
		return 0, task.Sleep(ctx, pause)
	}
}

var (
	countFirst  = remote.New("remotetest-count-first", count(0))
	countSecond = remote.New("remotetest-count-second", count(1))
)

func testConcurrency(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{countFirst, countSecond}, remote.Concurrency(3))
	pauses := make([]time.Duration, 20)
	for i := range pauses {
		pauses[i] = 5 * time.Millisecond
	}
	_, err := gather.All(s.ctx,
		func(ctx context.Context) (struct{}, error) {
			_, err := gather.Map(ctx, pauses, countFirst.On(s.caller))
			return struct{}{}, err
		},
		func(ctx context.Context) (struct{}, error) {
			_, err := gather.Map(ctx, pauses, countSecond.On(s.caller))
			return struct{}{}, err
		})
	require.NoError(t, err)
	for i := range busy {
		assert.LessOrEqual(t, busy[i].most.Load(), int64(3))
	}
}

func testStop(t *testing.T, s *scene) {
	stop := s.serve(t, []remote.Callable{wait})
	id, h := newHook()
	call := task.Go(s.ctx, func(ctx context.Context) (string, error) { return wait.On(s.caller)(ctx, id) })
	await(t, s, h.begun)
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	select {
	case <-stopped:
		assert.Fail(t, "Serve returned while a job was running")
	case <-time.After(200 * time.Millisecond): // long enough for one that does not wait
	}
	close(h.release)
	got, err := call.Await(s.ctx)
	require.NoError(t, err)
	assert.Equal(t, "released", got)
	assert.NoError(t, await(t, s, stopped))
}

func testDrain(t *testing.T, s *scene) {
	stop := s.serve(t, []remote.Callable{wait}, remote.Drain(100*time.Millisecond))
	id, h := newHook()
	call := task.Go(s.ctx, func(ctx context.Context) (string, error) { return wait.On(s.caller)(ctx, id) })
	await(t, s, h.begun)
	require.NoError(t, stop())
	assert.ErrorIs(t, await(t, s, h.causes), remote.ErrDrained)
	_, err := call.Await(s.ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, remote.ErrDrained)
}
