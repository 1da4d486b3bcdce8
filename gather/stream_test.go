package gather_test

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
)

// naturals never ends. It counts in taken the items that were taken.
func naturals(taken *atomic.Int64) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; ; i++ {
			taken.Add(1)
			if !yield(i) {
				return
			}
		}
	}
}

func same(_ context.Context, i int) (int, error) { return i, nil }

// sleepFor takes as many seconds as the item's value.
func sleepFor(ctx context.Context, seconds int) (int, error) {
	return seconds, pause(ctx, time.Duration(seconds)*time.Second)
}

// collect ranges over all of a stream.
func collect[R any](s iter.Seq2[R, error]) (results []R, errs []error) {
	for v, err := range s {
		if err != nil {
			errs = append(errs, err)
		} else {
			results = append(results, v)
		}
	}
	return results, errs
}

func TestStreamGivesResultsAsTheyComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, errs := collect(gather.Stream(t.Context(), slices.Values([]int{5, 2, 4, 1, 3}), sleepFor, gather.Limit(5)))
		assert.Empty(t, errs)
		assert.Equal(t, []int{1, 2, 3, 4, 5}, got)
	})
}

func TestStreamOrdered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := []int{5, 2, 4, 1, 3}
		start := time.Now()
		got, errs := collect(gather.Stream(t.Context(), slices.Values(items), sleepFor, gather.Limit(5), gather.Ordered()))
		assert.Empty(t, errs)
		assert.Equal(t, items, got)
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestStreamOfNothing(t *testing.T) {
	got, errs := collect(gather.Stream(t.Context(), slices.Values([]int(nil)), same))
	assert.Empty(t, got)
	assert.Empty(t, errs)
}

// Every item is given once, whatever the limit, the buffer, the order and the
// time that jobs and the loop take.
func TestStreamIsComplete(t *testing.T) {
	const n = 200
	for _, limit := range []int{1, 2, 7, n, 10 * n} {
		for _, buffer := range []int{0, 1, 5, math.MaxInt} {
			for _, ordered := range []bool{false, true} {
				t.Run(fmt.Sprintf("limit %d, buffer %d, ordered %t", limit, buffer, ordered), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						opts := []gather.Option{gather.Limit(limit), gather.Buffer(buffer)}
						if ordered {
							opts = append(opts, gather.Ordered())
						}
						var m meter
						var got []int
						for v, err := range gather.Stream(t.Context(), slices.Values(upTo(n)), func(ctx context.Context, i int) (int, error) {
							m.in()
							defer m.out()
							return i, pause(ctx, rand.N(time.Second))
						}, opts...) {
							require.NoError(t, err)
							got = append(got, v)
							time.Sleep(rand.N(20 * time.Millisecond))
						}
						assert.LessOrEqual(t, m.top, limit)
						if !ordered {
							slices.Sort(got)
						}
						assert.Equal(t, upTo(n), got)
					})
				})
			}
		}
	}
}

func TestStreamMayBeRangedOverAgain(t *testing.T) {
	s := gather.Stream(t.Context(), slices.Values(upTo(10)), same, gather.Ordered())
	for range 2 {
		got, errs := collect(s)
		assert.Empty(t, errs)
		assert.Equal(t, upTo(10), got)
	}
}

func TestStreamIsolates(t *testing.T) {
	defer jobVar.Set("caller").Reset()
	in := func(yield func(int) bool) {
		assert.Equal(t, "caller", jobVar.Get())
		jobVar.Set("input")
		for i := range 1000 {
			if !yield(i) {
				return
			}
		}
	}
	for _, gate := range []gather.Option{
		gather.Limit(8),
		gather.Rate(refusing{nil}),
		gather.Weight(3, func(int) int64 { jobVar.Set("weigh"); return 1 }),
	} {
		got, errs := collect(gather.Stream(t.Context(), in, setAndLook, gate, gather.Ordered()))
		assert.Empty(t, errs)
		for i, v := range got {
			require.Equal(t, strconv.Itoa(i), v)
		}
		assert.Equal(t, "caller", jobVar.Get())
	}
}

func TestStreamProgress(t *testing.T) {
	var last gather.Counts
	_, errs := collect(gather.Stream(t.Context(), slices.Values(upTo(10)), func(_ context.Context, i int) (int, error) {
		if i == 3 {
			return 0, errBoom
		}
		return i, nil
	}, gather.Progress(func(c gather.Counts) { last = c })))
	assert.Len(t, errs, 1)
	assert.Equal(t, gather.Counts{Done: 10, Failed: 1, Total: -1}, last)
}

func TestStreamTimeoutAndRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int64
		got, errs := collect(gather.Stream(t.Context(), slices.Values([]int{1, 5}), func(ctx context.Context, i int) (int, error) {
			if attempts.Add(1) == 1 {
				return 0, errBoom
			}
			return sleepFor(ctx, i)
		}, gather.Limit(1), gather.Timeout(2*time.Second), gather.Retry(2, gather.Constant(0), isBoom)))
		assert.Equal(t, []int{1}, got)
		require.Len(t, errs, 1)
		assert.EqualError(t, errs[0], "gather: job 1: timed out after 2s")
	})
}

func TestStreamUsage(t *testing.T) {
	in := slices.Values(upTo(1))
	for want, call := range map[string]func(){
		"gather.Stream: nil input; pass a sequence, as slices.Values(items)": func() {
			gather.Stream(t.Context(), nil, same)
		},
		"gather.Stream: nil function; pass the function that the jobs are to run": func() {
			gather.Stream[int, int](t.Context(), in, nil)
		},
		"gather.Stream: the function given to Name is a func(string) string, but the items are of type int": func() {
			gather.Stream(t.Context(), in, same, gather.Name(func(s string) string { return s }))
		},
		"gather.Stream: the function given to Weight is a func(string) int64, but the items are of type int": func() {
			gather.Stream(t.Context(), in, same, gather.Weight(1, func(string) int64 { return 1 }))
		},
	} {
		assert.EqualError(t, usageError(t, call), want)
	}
}

func TestFromChan(t *testing.T) {
	ch := make(chan int)
	go func() {
		defer close(ch)
		for i := range 10 {
			ch <- i
		}
	}()
	got, errs := collect(gather.Stream(t.Context(), gather.FromChan(ch), same, gather.Ordered()))
	assert.Empty(t, errs)
	assert.Equal(t, upTo(10), got)

	closed := make(chan int)
	close(closed)
	assert.Empty(t, slices.Collect(gather.FromChan(closed)), "outside of a stream")
}

// stage is a Stream as an input for another one. Errors end it.
func stage(ctx context.Context, in iter.Seq[int], opts ...gather.Option) iter.Seq[int] {
	return func(yield func(int) bool) {
		for v, err := range gather.Stream(ctx, in, func(_ context.Context, i int) (int, error) { return i + 1, nil }, opts...) {
			if err != nil || !yield(v) {
				return
			}
		}
	}
}

// A break at the end of a chain of streams ends all of them, down to a channel that
// yields nothing any more.
func TestStreamsInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 1)
		ch <- 1
		in := stage(t.Context(), stage(t.Context(), gather.FromChan(ch)))
		for v, err := range gather.Stream(t.Context(), in, same) {
			require.NoError(t, err)
			assert.Equal(t, 3, v)
			break
		}
	})
}
