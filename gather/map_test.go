package gather_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// upTo returns 0, 1, ... n-1.
func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func TestMapGivesResultsInOrder(t *testing.T) {
	for _, limit := range []int{1, 3, 100, 1000} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := gather.Map(t.Context(), upTo(100), func(ctx context.Context, i int) (string, error) {
					return strconv.Itoa(i), pause(ctx, time.Duration(100-i)*time.Second)
				}, gather.Limit(limit))
				require.NoError(t, err)
				for i, v := range got {
					assert.Equal(t, strconv.Itoa(i), v)
				}
			})
		})
	}
}

func TestMapOfNothing(t *testing.T) {
	for _, items := range [][]int{nil, {}} {
		got, err := gather.Map(t.Context(), items, func(context.Context, int) (string, error) { return "", nil })
		require.NoError(t, err)
		assert.Equal(t, []string{}, got)
	}
}

func TestMapCallsFunctionsWithCall(t *testing.T) {
	fns := []task.Func[int]{
		func(context.Context) (int, error) { return 1, nil },
		func(context.Context) (int, error) { return 2, nil },
	}
	got, err := gather.Map(t.Context(), fns, gather.Call, gather.Limit(1))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2}, got)

	plain := []func(context.Context) (int, error){fns[0], fns[1]}
	got, err = gather.Map(t.Context(), plain, gather.Call, gather.Limit(1))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2}, got)
}

func TestEach(t *testing.T) {
	var sum atomic.Int64
	err := gather.Each(t.Context(), upTo(100), func(_ context.Context, i int) error {
		sum.Add(int64(i))
		return nil
	})
	require.NoError(t, err)
	assert.EqualValues(t, 4950, sum.Load())

	err = gather.Each(t.Context(), upTo(3), func(_ context.Context, i int) error {
		if i == 1 {
			return errBoom
		}
		return nil
	})
	assert.EqualError(t, err, "gather: job 1: boom")
}

func TestCollectAll(t *testing.T) {
	got, err := gather.Map(t.Context(), upTo(5), func(_ context.Context, i int) (int, error) {
		switch i {
		case 1:
			return 0, errBoom
		case 3:
			return explode("p")
		}
		return 10 * i, nil
	}, gather.OnError(gather.CollectAll))
	assert.Equal(t, []int{0, 0, 20, 0, 40}, got, "the results of the others are there")
	var errs gather.Errors
	require.ErrorAs(t, err, &errs)
	require.Len(t, errs, 2)
	assert.Equal(t, &gather.JobError{Index: 1, Err: errBoom}, errs[0])
	assert.Equal(t, 3, errs[1].Index)
	var panicked *task.PanicError
	assert.ErrorAs(t, err, &panicked)
	assert.ErrorIs(t, err, errBoom)
	assert.Regexp(t, `^gather: 2 jobs failed: job 1: boom; job 3: .*panic: p`, err.Error())
}

func TestCollectAllAndCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		got, err := gather.Map(ctx, upTo(10), func(_ context.Context, i int) (int, error) {
			if i == 2 {
				cancel(errQuit)
				return 0, errBoom
			}
			return i + 1, nil
		}, gather.OnError(gather.CollectAll), gather.Limit(1))
		assert.Equal(t, []int{1, 2, 0, 0, 0, 0, 0, 0, 0, 0}, got)
		var errs gather.Errors
		require.ErrorAs(t, err, &errs)
		assert.Len(t, errs, 1)
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, gather.ErrNotStarted)
		assert.ErrorIs(t, err, errQuit)
		assert.EqualError(t, err, "gather: 1 job failed: job 2: boom; gather: not started: 7 of 10 jobs: shutting down")
	})
}

func TestStopAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := gather.Map(t.Context(), upTo(10), func(ctx context.Context, i int) (int, error) {
			// Jobs with high numbers fail first.
			if err := pause(ctx, time.Duration(10-i)*time.Second); err != nil {
				return 0, err
			}
			return 0, fmt.Errorf("failure of %d", i)
		}, gather.OnError(gather.StopAfter(3)))
		assert.Equal(t, 3*time.Second, time.Since(start))
		var errs gather.Errors
		require.ErrorAs(t, err, &errs)
		assert.NotErrorIs(t, err, context.Canceled, "what was cancelled for it has not failed")
		assert.EqualError(t, err, "gather: 3 jobs failed: job 7: failure of 7; job 8: failure of 8; job 9: failure of 9")
	})
}

func TestStopAfterIsNotReached(t *testing.T) {
	_, err := gather.Map(t.Context(), upTo(10), func(_ context.Context, i int) (int, error) {
		if i == 4 {
			return 0, errBoom
		}
		return i, nil
	}, gather.OnError(gather.StopAfter(2)))
	assert.EqualError(t, err, "gather: 1 job failed: job 4: boom")
}

func TestErrorsTextIsBounded(t *testing.T) {
	err := gather.Each(t.Context(), upTo(1000), func(context.Context, int) error { return errBoom },
		gather.OnError(gather.CollectAll))
	assert.Contains(t, err.Error(), "gather: 1000 jobs failed: job 0: boom; ")
	assert.Regexp(t, "job 9: boom; and 990 more$", err.Error())
}

func TestName(t *testing.T) {
	name := gather.Name(func(s string) string { return "<" + s + ">" })
	items := []string{"a", "b"}
	fail := func(context.Context, string) error { return errBoom }

	err := gather.Each(t.Context(), items, fail, name, gather.Limit(1))
	assert.EqualError(t, err, "gather: job 0 (<a>): boom")

	err = gather.Each(t.Context(), items, fail, name, gather.OnError(gather.CollectAll))
	assert.EqualError(t, err, "gather: 2 jobs failed: job 0 (<a>): boom; job 1 (<b>): boom")
}

func TestMapUsage(t *testing.T) {
	job := func(context.Context, int) (int, error) { return 0, nil }
	for _, tc := range []struct {
		want string
		call func()
	}{
		{"gather.Map: nil function; pass the function that the jobs are to run", func() {
			_, _ = gather.Map[int, int](t.Context(), nil, nil)
		}},
		{"gather.Each: nil function; pass the function that the jobs are to run", func() {
			_ = gather.Each[int](t.Context(), nil, nil)
		}},
		{"gather.Limit: limit -1; at least 1 job must be able to run", func() { gather.Limit(-1) }},
		{"gather.Limit: limit 0; at least 1 job must be able to run", func() { gather.Limit(0) }},
		{"gather.Buffer: size -1; it must not be negative", func() { gather.Buffer(-1) }},
		{"gather.StopAfter: after 0 failures; it must be at least 1, or CollectAll", func() { gather.StopAfter(0) }},
		{"gather.OnError: unknown policy -2; pass FailFast, CollectAll or StopAfter(n)", func() { gather.OnError(-2) }},
		{"gather.Rate: nil limiter; pass one, as rate.NewLimiter(rate.Every(time.Second), 1)", func() { gather.Rate(nil) }},
		{"gather.Weight: capacity 0; it must be positive", func() { gather.Weight(0, func(int) int64 { return 1 }) }},
		{"gather.Weight: nil function; pass one that weighs an item", func() { gather.Weight[int](1, nil) }},
		{"gather.Name: nil function; pass one that names an item", func() { gather.Name[int](nil) }},
		{"gather.Progress: nil function; pass one that shows the progress", func() { gather.Progress(nil) }},
		{"gather.Retry: 0 attempts; at least 1 is needed to run a job", func() {
			gather.Retry(0, gather.Constant(0), func(error) bool { return true })
		}},
		{"gather.Retry: nil Backoff; pass Constant(d) or Exponential(first, most)", func() {
			gather.Retry(1, nil, func(error) bool { return true })
		}},
		{"gather.Retry: nil function; pass one that says which errors are worth another attempt", func() {
			gather.Retry(1, gather.Constant(0), nil)
		}},
		{"gather.Exponential: first wait 0s and longest wait 1s; it must be 0 < first <= longest", func() {
			gather.Exponential(0, time.Second)
		}},
		{"gather.Map: the function given to Name is a func(string) string, but the items are of type int", func() {
			_, _ = gather.Map(t.Context(), upTo(1), job, gather.Name(func(s string) string { return s }))
		}},
		{"gather.Map: the function given to Weight is a func(int64) int64, but the items are of type int", func() {
			_, _ = gather.Map(t.Context(), upTo(1), job, gather.Weight(1, func(w int64) int64 { return w }))
		}},
	} {
		err := usageError(t, tc.call)
		if assert.NotNil(t, err, tc.want) {
			assert.EqualError(t, err, tc.want)
		}
	}
	assert.True(t, errors.Is(usageError(t, func() { _ = gather.Each[int](t.Context(), nil, nil) }), task.ErrNilFunc))
}
