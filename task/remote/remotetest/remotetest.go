// Package remotetest has the tests that every remote.Engine passes.
package remotetest

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
)

// An Open returns two ends of one engine: what callers have, and what workers have.
// They may be the same. It is called once for each test, which is to find an engine
// without jobs, and cleans up after itself with t.Cleanup.
type Open func(t *testing.T) (caller, worker remote.Engine)

// patience is how long a test waits for what must happen.
const patience = 3 * time.Minute

// Run runs the tests, each as a subtest.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s *scene)
	}{
		{"a call returns what the function returned", testResult},
		{"many callers each get their own result", testManyCallers},
		{"errors cross", testErrors},
		{"a panic crosses, with the worker's stack", testPanic},
		{"a Goexit crosses", testGoexit},
		{"an argument that is none of the function's", testForeignArgument},
		{"a job has the caller's variables and no others", testVariables},
		{"a variable that can't be sent", testUnsendable},
		{"a deadline crosses", testDeadline},
		{"a job that runs is cancelled with the cause", testCancelRunning},
		{"a job that waits is taken back", testCancelWaiting},
		{"a job that was cancelled may return a result all the same", testDeny},
		{"a job that ignores its ctx", testGrace},
		{"reports arrive in order and before the outcome", testProgress},
		{"a report that panics", testProgressPanics},
		{"a full backlog makes callers wait", testBacklog},
		{"concurrency is each function's own", testConcurrency},
		{"a worker that stops lets its jobs end", testStop},
		{"a worker that drains cancels what is left", testDrain},
		{"what a job starts ends with it", testChildren},
		{"a call without a worker waits", testNoWorker},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			t.Cleanup(cancel)
			s := &scene{ctx: ctx}
			s.caller, s.worker = open(t)
			test.run(t, s)
		})
	}
}

// A scene is one test's engine.
type scene struct {
	ctx            context.Context
	caller, worker remote.Engine
}

// serve starts a worker, which ends with the test at the latest, and returns what
// stops it and returns its error.
func (s *scene) serve(t *testing.T, fns []remote.Callable, opts ...remote.ServeOption) (stop func() error) {
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan error, 1)
	// A worker has variables of its own, which no job is to see.
	tenant.With("the worker's", func() {
		local.With("the worker's", func() {
			go func() { ended <- remote.Serve(ctx, s.worker, fns, opts...) }()
		})
	})
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { assert.NoError(t, stop()) })
	return stop
}

var (
	tenant = ctxvar.New("remotetest-tenant", ctxvar.Default("nobody"))
	local  = ctxvar.New("remotetest-local", ctxvar.Default("unset"))
)

var look = remote.New("remotetest-look", func(_ context.Context, set string) (string, error) {
	seen := tenant.Get() + " " + local.Get()
	if set != "" {
		tenant.Set(set)
		local.Set(set)
	}
	return seen, nil
})

func testVariables(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{look}, remote.Concurrency(1))
	call := look.On(s.caller)

	got, err := call(s.ctx, "")
	require.NoError(t, err)
	assert.Equal(t, "nobody unset", got, "nothing of the worker's")

	tenant.With("acme", func() {
		local.With("the caller's", func() { got, err = call(s.ctx, "left by a job") })
	})
	require.NoError(t, err)
	assert.Equal(t, "acme unset", got, "what is carried, and nothing else")

	got, err = call(s.ctx, "")
	require.NoError(t, err)
	assert.Equal(t, "nobody unset", got, "nothing of the job before")
}

func testUnsendable(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{look})
	tenant.With("two\nlines", func() {
		_, err := look.On(s.caller)(s.ctx, "")
		require.ErrorContains(t, err, "remotetest-tenant")
	})
}

var report = remote.New("remotetest-report", func(_ context.Context, n int) (int, error) {
	for i := range n {
		remote.Report([]byte(strconv.Itoa(i)))
	}
	return remote.Delivery(), nil
})

func testProgress(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{report})
	var got []string
	defer remote.OnProgress(func(p remote.Progress) {
		assert.Equal(t, report.Name(), p.Func)
		assert.Equal(t, 1, p.Delivery)
		assert.Equal(t, "the caller's", local.Get())
		got = append(got, string(p.Data))
	}).Reset()
	local.With("the caller's", func() {
		// The variables are those of the call.
		delivery, err := report.On(s.caller)(s.ctx, 200)
		require.NoError(t, err)
		assert.Equal(t, 1, delivery)
	})
	require.Len(t, got, 200)
	for i, text := range got {
		require.Equal(t, strconv.Itoa(i), text)
	}
}

func testProgressPanics(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{report})
	calls := 0
	defer remote.OnProgress(func(remote.Progress) { calls++; panic("reported") }).Reset()
	_, err := report.On(s.caller)(s.ctx, 3)
	var panicked *task.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "reported", panicked.Value)
	assert.Equal(t, 1, calls)
}

var parent = remote.New("remotetest-parent", func(ctx context.Context, id string) (string, error) {
	started := make(chan struct{})
	task.Go(ctx, func(ctx context.Context) (struct{}, error) {
		close(started)
		<-ctx.Done()
		close(hook(id).release)
		return struct{}{}, ctx.Err()
	})
	<-started
	return "parent", nil
})

func testChildren(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{parent})
	id, h := newHook()
	_, err := parent.On(s.caller)(s.ctx, id)
	require.NoError(t, err)
	select {
	case <-h.release:
	default:
		assert.Fail(t, "the job has ended, and a task that it started has not")
	}
}

func testNoWorker(t *testing.T, s *scene) {
	ctx, cancel := context.WithTimeout(s.ctx, 200*time.Millisecond)
	defer cancel()
	_, err := double.On(s.caller)(ctx, 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	// One that comes later serves it.
	later := task.Go(s.ctx, func(ctx context.Context) (int, error) { return double.On(s.caller)(ctx, 2) })
	s.serve(t, []remote.Callable{double})
	got, err := later.Await(s.ctx)
	require.NoError(t, err)
	assert.Equal(t, 4, got)
}
