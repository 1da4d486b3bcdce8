package gather_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// The cases about asyncio.gather in CPython's test_asyncio/test_tasks.py, as far as
// they have a meaning here. Each test is named after its case. docs/python.md has the
// table.

// A future is a job that ends when the test says so, and how it says.
type future struct {
	set chan gather.Result[int]
}

func newFuture() *future { return &future{make(chan gather.Result[int], 1)} }

func (f *future) result(v int)   { f.set <- gather.Result[int]{Value: v} }
func (f *future) fail(err error) { f.set <- gather.Result[int]{Err: err} }
func (f *future) job() task.Func[int] {
	return func(ctx context.Context) (int, error) {
		select {
		case r := <-f.set:
			return r.Get()
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func jobs(futures []*future) []task.Func[int] {
	fns := make([]task.Func[int], len(futures))
	for i, f := range futures {
		fns[i] = f.job()
	}
	return fns
}

func newFutures(n int) []*future {
	futures := make([]*future, n)
	for i := range futures {
		futures[i] = newFuture()
	}
	return futures
}

// allOutcome is what All returned, once it has returned.
type allOutcome struct {
	results []int
	err     error
}

func startAll(ctx context.Context, futures []*future) <-chan allOutcome {
	done := make(chan allOutcome, 1)
	go func() {
		results, err := gather.All(ctx, jobs(futures)...)
		done <- allOutcome{results, err}
	}()
	return done
}

func startSettled(ctx context.Context, futures []*future) <-chan []gather.Result[int] {
	done := make(chan []gather.Result[int], 1)
	go func() { done <- gather.Settled(ctx, jobs(futures)...) }()
	return done
}

// GatherTestsBase.test_success
func TestAsyncioSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFutures(3)
		done := startAll(t.Context(), f)
		f[1].result(1)
		f[0].result(2)
		synctest.Wait()
		assert.Empty(t, done, "not done before the last one is")
		f[2].result(3)
		assert.Equal(t, allOutcome{results: []int{2, 1, 3}}, <-done)
	})
}

// GatherTestsBase.test_result_exception_success
func TestAsyncioResultExceptionSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFutures(3)
		done := startSettled(t.Context(), f)
		f[1].result(1)
		f[0].result(2)
		synctest.Wait()
		assert.Empty(t, done)
		f[2].result(3)
		assert.Equal(t, []gather.Result[int]{{Value: 2}, {Value: 1}, {Value: 3}}, <-done)
	})
}

// GatherTestsBase.test_one_exception
func TestAsyncioOneException(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFutures(5)
		done := startAll(t.Context(), f)
		f[0].result(1)
		f[1].fail(errBoom)
		got := <-done
		assert.Nil(t, got.results)
		var job *gather.JobError
		require.ErrorAs(t, got.err, &job)
		assert.True(t, job.Err == errBoom, "the very exception")
		// Does nothing.
		f[2].result(3)
		f[4].fail(errCrash)
	})
}

// GatherTestsBase.test_return_exceptions
func TestAsyncioReturnExceptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFutures(4)
		done := startSettled(t.Context(), f)
		f[1].result(1)
		f[2].fail(errBoom)
		f[0].result(3)
		synctest.Wait()
		assert.Empty(t, done)
		f[3].fail(errCrash)
		assert.Equal(t, []gather.Result[int]{{Value: 3}, {Value: 1}, {Err: errBoom}, {Err: errCrash}}, <-done)
	})
}

// FutureGatherTests.test_constructor_empty_sequence_use_running_loop
func TestAsyncioConstructorEmptySequence(t *testing.T) {
	got, err := gather.All[int](t.Context())
	require.NoError(t, err)
	assert.Equal(t, []int{}, got)
	assert.Equal(t, []gather.Result[int]{}, gather.Settled[int](t.Context()))
}

// FutureGatherTests.test_one_cancellation: a job that was cancelled by itself, and not
// together with the call, has failed.
func TestAsyncioOneCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFutures(5)
		done := startAll(t.Context(), f)
		f[0].result(1)
		f[1].fail(context.Canceled)
		got := <-done
		var job *gather.JobError
		require.ErrorAs(t, got.err, &job)
		assert.Equal(t, 1, job.Index)
		assert.ErrorIs(t, got.err, context.Canceled)
		assert.NoError(t, t.Context().Err(), "the call was not cancelled")
	})
}

// FutureGatherTests.test_result_exception_one_cancellation
func TestAsyncioResultExceptionOneCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFutures(6)
		done := startSettled(t.Context(), f)
		f[0].result(1)
		f[1].fail(errBoom)
		f[2].fail(context.Canceled)
		synctest.Wait()
		assert.Empty(t, done)
		f[3].result(3)
		f[4].fail(context.Canceled)
		f[5].fail(errCrash)
		assert.Equal(t, []gather.Result[int]{
			{Value: 1}, {Err: errBoom}, {Err: context.Canceled}, {Value: 3}, {Err: context.Canceled}, {Err: errCrash},
		}, <-done)
	})
}

// CoroutineGatherTests.test_duplicate_coroutines: asyncio awaits a coroutine
// that is passed twice once. A function is called as often as it is passed.
func TestAsyncioDuplicateCoroutines(t *testing.T) {
	var calls atomic.Int64
	job := func(s string) task.Func[string] {
		return func(context.Context) (string, error) {
			calls.Add(1)
			return s, nil
		}
	}
	c := job("abc")
	got, err := gather.All(t.Context(), c, c, job("def"), c)
	require.NoError(t, err)
	assert.Equal(t, []string{"abc", "abc", "def", "abc"}, got)
	assert.EqualValues(t, 4, calls.Load())
}

// CoroutineGatherTests.test_cancellation_broadcast
func TestAsyncioCancellationBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		waiter := make(chan struct{})
		var proof, cancelled atomic.Int64
		inner := func(ctx context.Context) (int, error) {
			select {
			case <-waiter:
				proof.Add(1)
			case <-ctx.Done():
				cancelled.Add(1)
			}
			return 0, ctx.Err()
		}
		outer := task.Go(ctx, func(ctx context.Context) (int, error) {
			if _, err := gather.All(ctx, inner, inner); err != nil {
				return 0, err
			}
			proof.Add(100)
			return 0, nil
		})
		synctest.Wait()
		cancel()
		_, err := outer.Await(t.Context())
		assert.ErrorIs(t, err, context.Canceled)
		assert.EqualValues(t, 2, cancelled.Load())
		assert.Zero(t, proof.Load())
	})
}

// CoroutineGatherTests.test_exception_marking: an exception that is not returned,
// because another one came first, is not reported as lost.
func TestAsyncioExceptionMarking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raise := errors.New("should not be ignored")
		inner := func(d time.Duration) task.Func[int] {
			return func(context.Context) (int, error) {
				time.Sleep(d)
				return 0, raise
			}
		}
		_, err := gather.All(t.Context(), inner(time.Second), inner(2*time.Second))
		assert.EqualError(t, err, "gather: job 0: should not be ignored")
	})
}

// CoroutineGatherTests.test_issue46672: an argument that can't be run is an
// error before anything runs.
func TestAsyncioIssue46672(t *testing.T) {
	var ran atomic.Bool
	err := usageError(t, func() {
		_, _ = gather.All(t.Context(), func(context.Context) (int, error) {
			ran.Store(true)
			return 0, nil
		}, nil)
	})
	assert.ErrorIs(t, err, task.ErrNilFunc)
	assert.False(t, ran.Load())
}

// BaseTaskTests.test_cancel_gather_1: once all jobs are done, a cancellation
// comes too late to change the outcome.
func TestAsyncioCancelGather1(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	got, err := gather.All(ctx, func(context.Context) (int, error) {
		defer cancel()
		return 42, nil
	})
	require.NoError(t, err)
	assert.Equal(t, []int{42}, got)
}

// BaseTaskTests.test_cancel_gather_2: a cancellation, with its message, passes through
// a call that returns exceptions.
func TestAsyncioCancelGather2(t *testing.T) {
	for _, cause := range []error{nil, errQuit} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			loop := task.Go(ctx, func(ctx context.Context) (int, error) {
				for range 20 {
					for _, r := range gather.Settled(ctx, returning(50*time.Millisecond, 0, nil)) {
						if r.Err != nil {
							return 0, r.Err
						}
					}
				}
				return 0, nil
			})
			time.Sleep(210 * time.Millisecond)
			cancel(cause)
			_, err := loop.Await(t.Context())
			assert.ErrorIs(t, err, context.Canceled)
			if cause != nil {
				assert.ErrorIs(t, err, cause)
			}
		})
	}
}

// BaseTaskTests.test_gather_shield: a job that must not be cancelled with the call gets
// a context that is not cancelled.
func TestAsyncioGatherShield(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := newFutures(2)
		inner := task.Go(context.WithoutCancel(ctx), f[0].job())
		done := make(chan error, 1)
		go func() {
			_, err := gather.All(ctx, func(ctx context.Context) (int, error) { return inner.Await(ctx) }, f[1].job())
			done <- err
		}()
		synctest.Wait()
		cancel()
		assert.ErrorIs(t, <-done, context.Canceled)
		f[0].result(7)
		got, err := inner.Await(t.Context())
		require.NoError(t, err, "not cancelled with the call")
		assert.Equal(t, 7, got)
	})
}

// BaseTaskTests.test_shield_gather: the other way round.
func TestAsyncioShieldGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFutures(2)
		parent := startAll(context.WithoutCancel(t.Context()), f)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		select {
		case <-parent:
			assert.Fail(t, "done before its jobs")
		case <-ctx.Done(): // the one who waits gives up; the call goes on
		}
		f[0].result(1)
		f[1].result(2)
		assert.Equal(t, allOutcome{results: []int{1, 2}}, <-parent)
	})
}
