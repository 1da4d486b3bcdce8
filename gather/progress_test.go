package gather_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer jobVar.Set("caller").Reset()
		var calls []gather.Counts // no lock: the calls come one at a time
		err := gather.Each(t.Context(), upTo(100), func(ctx context.Context, i int) error {
			jobVar.Set("job")
			return nil
		}, gather.Progress(func(c gather.Counts) {
			assert.Equal(t, "caller", jobVar.Get())
			calls = append(calls, c)
			time.Sleep(time.Millisecond) // the others wait, and time goes on
		}))
		require.NoError(t, err)
		require.Len(t, calls, 100)
		for i, c := range calls {
			assert.Equal(t, gather.Counts{Done: i + 1, Total: 100}, c)
		}
	})
}

func TestProgressCountsFailures(t *testing.T) {
	var last gather.Counts
	err := gather.Each(t.Context(), upTo(10), func(_ context.Context, i int) error {
		if i%5 == 0 {
			return errBoom
		}
		return nil
	}, gather.OnError(gather.CollectAll), gather.Progress(func(c gather.Counts) { last = c }))
	assert.ErrorIs(t, err, errBoom)
	assert.Equal(t, gather.Counts{Done: 10, Failed: 2, Total: 10}, last)
}

func TestPanicInProgress(t *testing.T) {
	calls := 0
	defer func() {
		var panicked *task.PanicError
		err, _ := recover().(error)
		require.ErrorAs(t, err, &panicked)
		assert.Equal(t, errBoom, panicked.Value)
		assert.Equal(t, 1, calls)
	}()
	_, _ = gather.Map(t.Context(), upTo(10), func(_ context.Context, i int) (int, error) {
		return i, nil
	}, gather.Limit(1), gather.Progress(func(gather.Counts) {
		calls++
		panic(errBoom)
	}))
	assert.Fail(t, "returned")
}

// The call cannot return the error of a job if Progress panics.
func TestProgressPanicsBesideAJob(t *testing.T) {
	lines := logged(t)
	how, value := endOf(func() {
		_ = gather.Each(t.Context(), upTo(1), func(context.Context, int) error { return errBoom },
			gather.Progress(func(gather.Counts) { panic("progress") }))
	})
	assert.Equal(t, "panic", how)
	assert.ErrorContains(t, value.(error), "progress")
	require.Len(t, lines, 1)
	assert.Contains(t, <-lines, "boom")
}

// An input that exits, as by t.FailNow, has no error that the panic of Progress could hide.
func TestProgressPanicsBesideAnInputThatExits(t *testing.T) {
	lines := logged(t)
	how, value := endOf(func() {
		collect(gather.Stream(t.Context(), func(yield func(int) bool) {
			defer runtime.Goexit()
			yield(1)
		}, func(context.Context, int) (int, error) { return 0, nil }, gather.Progress(func(gather.Counts) { panic("progress") })))
	})
	assert.Equal(t, "panic", how)
	assert.ErrorContains(t, value.(error), "progress")
	assert.Empty(t, lines)
}

// t.FailNow in Progress does this.
func TestGoexitInProgress(t *testing.T) {
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = gather.Each(t.Context(), upTo(10), func(context.Context, int) error { return nil },
			gather.Progress(func(gather.Counts) { runtime.Goexit() }))
		returned = true
	}()
	<-done
	assert.False(t, returned)
}
