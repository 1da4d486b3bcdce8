package remotetest

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
)

var wait = remote.New("remotetest-wait", func(ctx context.Context, id string) (string, error) {
	h := hook(id)
	close(h.begun)
	select {
	case <-ctx.Done():
		h.causes <- context.Cause(ctx)
		return "", ctx.Err()
	case <-h.release:
		return "released", nil
	}
}, remote.Grace(patience))

// hooks are what a test and its jobs, which run in the same program, share.
var hooks sync.Map

type hooked struct {
	begun   chan struct{}
	causes  chan error
	release chan struct{}
}

var lastHook atomic.Int64

func newHook() (id string, h *hooked) {
	id = strconv.FormatInt(lastHook.Add(1), 10)
	h = &hooked{begun: make(chan struct{}), causes: make(chan error, 1), release: make(chan struct{})}
	hooks.Store(id, h)
	return id, h
}

func hook(id string) *hooked {
	h, _ := hooks.Load(id)
	return h.(*hooked)
}

func testDeadline(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{wait})
	id, h := newHook()
	ctx, cancel := context.WithTimeout(s.ctx, 500*time.Millisecond)
	defer cancel()
	_, err := wait.On(s.caller)(ctx, id)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorIs(t, await(t, s, h.causes), context.DeadlineExceeded)
}

func await[T any](t *testing.T, s *scene, c <-chan T) (value T) {
	select {
	case value = <-c:
	case <-s.ctx.Done():
		require.Fail(t, "it never happened")
	}
	return value
}

func testCancelRunning(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{wait})
	id, h := newHook()
	ctx, cancel := context.WithCancelCause(s.ctx)
	call := task.Go(ctx, func(ctx context.Context) (string, error) { return wait.On(s.caller)(ctx, id) })
	await(t, s, h.begun)
	cancel(fmt.Errorf("closing time: %w", errOutOfStock))

	cause := await(t, s, h.causes)
	require.ErrorIs(t, cause, errOutOfStock)
	assert.ErrorContains(t, cause, "closing time")
	_, err := call.Await(s.ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errOutOfStock)
}

func testCancelWaiting(t *testing.T, s *scene) {
	// A worker with one slot, which a job has.
	s.serve(t, []remote.Callable{wait}, remote.Concurrency(1))
	first, h := newHook()
	running := task.Go(s.ctx, func(ctx context.Context) (string, error) { return wait.On(s.caller)(ctx, first) })
	await(t, s, h.begun)

	second, never := newHook()
	ctx, cancel := context.WithTimeout(s.ctx, 200*time.Millisecond)
	defer cancel()
	_, err := wait.On(s.caller)(ctx, second)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	close(h.release)
	got, err := running.Await(s.ctx)
	require.NoError(t, err)
	assert.Equal(t, "released", got)
	third, h := newHook()
	close(h.release)
	_, err = wait.On(s.caller)(s.ctx, third)
	require.NoError(t, err)
	select {
	case <-never.begun:
		assert.Fail(t, "a job that was taken back has run")
	default:
	}
}

var deny = remote.New("remotetest-deny", func(ctx context.Context, id string) (string, error) {
	close(hook(id).begun)
	<-ctx.Done()
	remote.Report([]byte("last words"))
	return "all the same", nil
}, remote.Grace(patience))

func testDeny(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{deny})
	id, h := newHook()
	ctx, cancel := context.WithCancel(s.ctx)
	results := make(chan string, 1)
	var reported string
	go func() {
		defer remote.OnProgress(func(p remote.Progress) { reported = string(p.Data) }).Reset()
		got, err := deny.On(s.caller)(ctx, id)
		assert.NoError(t, err)
		results <- got
	}()
	await(t, s, h.begun)
	cancel()
	assert.Equal(t, "all the same", await(t, s, results))
	assert.Equal(t, "last words", reported, "what it says when it is cancelled is heard")
}

var ignore = remote.New("remotetest-ignore", func(_ context.Context, id string) (string, error) {
	close(hook(id).begun)
	<-hook(id).release
	return "late", nil
}, remote.Grace(100*time.Millisecond))

func testGrace(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{ignore})
	id, h := newHook()
	defer close(h.release)
	ctx, cancel := context.WithCancelCause(s.ctx)
	call := task.Go(ctx, func(ctx context.Context) (string, error) { return ignore.On(s.caller)(ctx, id) })
	await(t, s, h.begun)
	cancel(errOutOfStock)
	_, err := call.Await(s.ctx)
	require.ErrorIs(t, err, errOutOfStock, "the call has ended, though the job has not")
}
