// Package remotetest has the tests that every remote.Engine passes.
package remotetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
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

var errOutOfStock = errors.New("out of stock")

// A quotaError is an error that crosses as what it is.
type quotaError struct{ Limit int }

func (e *quotaError) Error() string { return "limit " + strconv.Itoa(e.Limit) + " reached" }

// A badError panics whatever it is asked.
type badError struct{}

func (*badError) Error() string   { panic("Error panics") }
func (*badError) Is(error) bool   { panic("Is panics") }
func (*badError) Unwrap() []error { panic("Unwrap panics") }

var double = remote.New("remotetest-double", func(_ context.Context, n int) (int, error) { return 2 * n, nil })

func testResult(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{double})
	got, err := double.On(s.caller)(s.ctx, 21)
	require.NoError(t, err)
	assert.Equal(t, 42, got)

	defer remote.Through(s.caller).Reset()
	value, err := task.Go(s.ctx, double.With(4)).Await(s.ctx)
	require.NoError(t, err)
	assert.Equal(t, 8, value)
}

func testManyCallers(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{double}, remote.Concurrency(20))
	numbers := make([]int, 500)
	for i := range numbers {
		numbers[i] = i
	}
	got, err := gather.Map(s.ctx, numbers, double.On(s.caller), gather.Limit(100))
	require.NoError(t, err)
	for i, n := range got {
		require.Equal(t, 2*i, n)
	}
}

var fail = remote.New("remotetest-fail", func(_ context.Context, how string) (int, error) {
	switch how {
	case "plain":
		return 0, errors.New("plain")
	case "sentinel":
		return 0, fmt.Errorf("socks: %w", errOutOfStock)
	case "type":
		return 0, fmt.Errorf("socks: %w", &quotaError{7})
	case "joined":
		return 0, errors.Join(errOutOfStock, &quotaError{8}, context.DeadlineExceeded)
	case "bad":
		return 0, &badError{}
	case "panic":
		panic(&quotaError{9})
	case "goexit":
		runtime.Goexit()
	}
	return 0, nil
})

func testErrors(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{fail})
	call := fail.On(s.caller)
	var quota *quotaError

	_, err := call(s.ctx, "plain")
	var e *remote.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "remotetest-fail", e.Func)
	assert.Equal(t, 1, e.Delivery)
	assert.NotEmpty(t, e.Worker)
	assert.EqualError(t, e.Err, "plain")

	_, err = call(s.ctx, "sentinel")
	require.ErrorIs(t, err, errOutOfStock)
	assert.ErrorContains(t, err, "socks: out of stock")

	_, err = call(s.ctx, "type")
	require.ErrorAs(t, err, &quota)
	assert.Equal(t, 7, quota.Limit)
	assert.NotErrorIs(t, err, errOutOfStock)

	_, err = call(s.ctx, "joined")
	require.ErrorIs(t, err, errOutOfStock)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorAs(t, err, &quota)
	assert.Equal(t, 8, quota.Limit)
	assert.NotErrorIs(t, err, context.Canceled)

	_, err = call(s.ctx, "bad")
	require.Error(t, err, "methods of an error that panic harm nobody else")
	_, err = call(s.ctx, "none")
	require.NoError(t, err)
}

func testPanic(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{fail})
	_, err := fail.On(s.caller)(s.ctx, "panic")
	var panicked *task.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Contains(t, string(panicked.Stack), "remotetest")
	assert.ErrorContains(t, err, "limit 9 reached")
}

func testGoexit(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{fail})
	_, err := fail.On(s.caller)(s.ctx, "goexit")
	require.ErrorIs(t, err, task.ErrGoexit)
}

func testForeignArgument(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{double})
	outcome, err := s.caller.Do(s.ctx, &remote.Job{
		ID: "foreign", Func: double.Name(), Arg: []byte("\x00{not JSON"), Vars: map[string]string{},
		Deliveries: 1, Lease: 30 * time.Second, Grace: time.Second,
	})
	require.NoError(t, err)
	require.NotNil(t, outcome.Failure)
	assert.Contains(t, outcome.Failure.Text, "decoding the argument")
}

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
