package gather_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var (
	errBoom  = errors.New("boom")
	errCrash = errors.New("crash")
	errQuit  = errors.New("shutting down")

	jobVar = ctxvar.New("job", ctxvar.Default("none"))
)

// returning returns a job that takes d and then gives v and err, and gives up
// when its context is done.
func returning[T any](d time.Duration, v T, err error) task.Func[T] {
	return func(ctx context.Context) (T, error) {
		if slept := pause(ctx, d); slept != nil {
			var none T
			return none, slept
		}
		return v, err
	}
}

// pause waits for d, or returns ctx's error if it is done before.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// usageError returns the *gather.UsageError with which fn panics.
func usageError(t *testing.T, fn func()) (e *gather.UsageError) {
	t.Helper()
	defer func() {
		err, _ := recover().(error)
		assert.ErrorAs(t, err, &e)
	}()
	fn()
	return nil
}

func TestAllGivesResultsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, err := gather.All(t.Context(),
			returning(3*time.Second, "a", nil),
			returning(1*time.Second, "b", nil),
			returning(2*time.Second, "c", nil),
		)
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "b", "c"}, got)
		assert.Equal(t, 3*time.Second, time.Since(start), "the jobs run at the same time")
	})
}

func TestAllOfNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := gather.All[int](ctx)
	require.NoError(t, err)
	assert.NotNil(t, got)
	assert.Empty(t, got)
}

// Every job must be running before any of them can end. This takes as many goroutines
// as jobs, however many there are.
func TestAllRunsEveryJobAtOnce(t *testing.T) {
	const n = 1000
	var waiting sync.WaitGroup
	waiting.Add(n)
	fns := make([]task.Func[int], n)
	for i := range fns {
		fns[i] = func(context.Context) (int, error) {
			waiting.Done()
			waiting.Wait()
			return i, nil
		}
	}
	got, err := gather.All(t.Context(), fns...)
	require.NoError(t, err)
	for i, v := range got {
		require.Equal(t, i, v)
	}
}

func TestAllFirstFailureCancelsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		cause := make(chan error, 1)
		got, err := gather.All(t.Context(),
			returning(time.Hour, 1, nil),
			returning(time.Second, 0, errBoom),
			returning(2*time.Second, 0, errCrash),
			func(ctx context.Context) (int, error) {
				<-ctx.Done()
				time.Sleep(time.Minute) // ends slowly, and is waited for
				cause <- context.Cause(ctx)
				return 0, ctx.Err()
			},
		)
		assert.Nil(t, got)
		var job *gather.JobError
		require.ErrorAs(t, err, &job)
		assert.Equal(t, &gather.JobError{Index: 1, Err: errBoom}, job)
		assert.EqualError(t, err, "gather: job 1: boom")
		assert.ErrorIs(t, err, errBoom)
		assert.NotErrorIs(t, err, errCrash)
		assert.NotErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Second+time.Minute, time.Since(start))
		assert.Equal(t, err, <-cause)
	})
}

func TestAllCallsEachFunctionOnceEvenAfterAFailure(t *testing.T) {
	const n = 1000
	var calls [n]atomic.Int32
	fns := make([]task.Func[int], n)
	for i := range fns {
		fns[i] = func(context.Context) (int, error) {
			calls[i].Add(1)
			return 0, errBoom
		}
	}
	_, err := gather.All(t.Context(), fns...)
	require.ErrorIs(t, err, errBoom)
	for i := range calls {
		require.EqualValues(t, 1, calls[i].Load(), "job %d", i)
	}
}

func TestAllWhenTheCallerCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errQuit) })
		var ended atomic.Int32
		job := func(ctx context.Context) (int, error) {
			defer ended.Add(1)
			<-ctx.Done()
			return 0, ctx.Err()
		}
		_, err := gather.All(ctx, job, job, job)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, errQuit, "the cause is in it too")
		assert.EqualValues(t, 3, ended.Load())
	})
}

func TestAllSucceedsAlthoughCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	got, err := gather.All(ctx, func(context.Context) (int, error) {
		cancel()
		return 42, nil
	})
	require.NoError(t, err)
	assert.Equal(t, []int{42}, got)
}

func TestAllWithADoneContextStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errQuit)
	_, err := gather.All(ctx, func(context.Context) (int, error) {
		assert.Fail(t, "started")
		return 0, nil
	})
	assert.ErrorIs(t, err, gather.ErrNotStarted)
	assert.ErrorIs(t, err, errQuit)
}

func TestAllPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cleaned := false
		_, err := gather.All(t.Context(),
			func(context.Context) (int, error) { return explode(errBoom) },
			func(ctx context.Context) (int, error) {
				<-ctx.Done()
				time.Sleep(time.Second)
				cleaned = true
				return 0, ctx.Err()
			},
		)
		var panicked *task.PanicError
		require.ErrorAs(t, err, &panicked)
		assert.Equal(t, errBoom, panicked.Value)
		assert.Contains(t, string(panicked.Stack), "gather_test.explode", "the stack is that of the panic")
		assert.ErrorIs(t, err, errBoom)
		assert.True(t, cleaned, "a panic does not keep the others from cleaning up")
	})
}

//go:noinline
func explode(v any) (int, error) { panic(v) }

func TestAllGoexit(t *testing.T) {
	fns := make([]task.Func[int], 100)
	for i := range fns {
		fns[i] = func(context.Context) (int, error) {
			if i%2 == 0 {
				runtime.Goexit()
			}
			return i, nil
		}
	}
	_, err := gather.All(t.Context(), fns...)
	assert.ErrorIs(t, err, task.ErrGoexit)
	for i, r := range gather.Settled(t.Context(), fns...) {
		if i%2 == 0 {
			assert.Equal(t, gather.Result[int]{Err: task.ErrGoexit}, r)
		} else {
			assert.Equal(t, gather.Result[int]{Value: i}, r)
		}
	}
}

func TestAllNil(t *testing.T) {
	job := returning(0, 1, nil)
	for name, call := range map[string]func(){
		"All":     func() { _, _ = gather.All(t.Context(), job, nil) },
		"Settled": func() { gather.Settled(t.Context(), job, nil) },
		"Race":    func() { _, _ = gather.Race(t.Context(), job, nil) },
		"Any":     func() { _, _ = gather.Any(t.Context(), job, nil) },
	} {
		err := usageError(t, call)
		assert.ErrorIs(t, err, task.ErrNilFunc)
		assert.EqualError(t, err, "gather."+name+": function 1 is nil; pass the function that the job is to run")
	}
}

func TestSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := gather.Settled(t.Context(),
			returning(2*time.Second, "slow", nil),
			returning(time.Second, "dropped?", errBoom),
			func(context.Context) (string, error) { panic("p") },
		)
		require.Len(t, got, 3)
		assert.Equal(t, gather.Result[string]{Value: "slow"}, got[0], "a failure cancels nothing")
		assert.Equal(t, gather.Result[string]{Value: "dropped?", Err: errBoom}, got[1], "what the job returned, as it is")
		var panicked *task.PanicError
		require.ErrorAs(t, got[2].Err, &panicked)
		assert.Equal(t, "p", panicked.Value)

		v, err := got[1].Get()
		assert.Equal(t, "dropped?", v)
		assert.Equal(t, errBoom, err)
	})
}

func TestSettledOfNothing(t *testing.T) {
	got := gather.Settled[int](t.Context())
	assert.NotNil(t, got)
	assert.Empty(t, got)
}

func TestSettledWithADoneContextStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errQuit)
	job := func(context.Context) (int, error) {
		assert.Fail(t, "started")
		return 0, nil
	}
	got := gather.Settled(ctx, job, job)
	require.Len(t, got, 2)
	for _, r := range got {
		assert.ErrorIs(t, r.Err, gather.ErrNotStarted)
		assert.ErrorIs(t, r.Err, errQuit)
	}
}
