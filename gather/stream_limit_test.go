package gather_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
)

func TestStreamRunsAsManyAsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ordered := range []gather.Option{gather.Buffer(0), gather.Ordered()} {
			var m meter
			start := time.Now()
			_, errs := collect(gather.Stream(t.Context(), slices.Values(upTo(40)), func(ctx context.Context, i int) (int, error) {
				m.in()
				defer m.out()
				return i, pause(ctx, time.Second)
			}, gather.Limit(4), ordered))
			assert.Empty(t, errs)
			assert.Equal(t, 4, m.top)
			assert.Equal(t, 10*time.Second, time.Since(start))
		}
	})
}

func TestStreamLimitWithoutOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m meter
		_, errs := collect(gather.Stream(t.Context(), slices.Values(upTo(40)), func(ctx context.Context, i int) (int, error) {
			m.in()
			defer m.out()
			return i, pause(ctx, time.Second)
		}))
		assert.Empty(t, errs)
		assert.Equal(t, runtime.GOMAXPROCS(0), m.top)
	})
}

// While the body of the loop runs, however long, no more items are taken from the input
// than promised.
func TestStreamBackPressure(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		for _, buffer := range []int{-1, 0, 1, 10} {
			t.Run(fmt.Sprintf("buffer %d, ordered %t", buffer, ordered), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const limit = 3
					opts := []gather.Option{gather.Limit(limit)}
					window := 2 * limit
					if buffer >= 0 {
						opts = append(opts, gather.Buffer(buffer))
						window = limit + buffer
					}
					if ordered {
						opts = append(opts, gather.Ordered())
					}
					var taken atomic.Int64
					given := 0
					for _, err := range gather.Stream(t.Context(), naturals(&taken), same, opts...) {
						require.NoError(t, err)
						synctest.Wait()
						assert.EqualValues(t, given+window, taken.Load(), "after %d results", given)
						if given++; given == 100 {
							break
						}
					}
				})
			})
		}
	}
}

func TestStreamWeightAndRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, errs := collect(gather.Stream(t.Context(), slices.Values([]int{2, 1, 9, 3, 1}), sleepFor,
			gather.Limit(5), gather.Ordered(), gather.Weight(3, func(w int) int64 { return int64(w) })))
		assert.Equal(t, []int{2, 1, 3, 1}, got)
		require.Len(t, errs, 1)
		assert.EqualError(t, errs[0], "gather: job 2: weight 9: more than the capacity of 3, so it could never start")
		assert.Equal(t, 6*time.Second, time.Since(start))

		start = time.Now()
		got, errs = collect(gather.Stream(t.Context(), slices.Values(upTo(5)), same, gather.Limit(5),
			gather.Rate(&ticker{every: time.Second})))
		assert.Equal(t, upTo(5), got)
		assert.Empty(t, errs)
		assert.Equal(t, 4*time.Second, time.Since(start))
	})
}

// Only a quick stream with a loop that waits for it runs further ahead than its window.
func TestStreamPace(t *testing.T) {
	for _, tc := range []struct {
		name, reason string
		takes        time.Duration
		opts         []gather.Option
		most         int
	}{
		{"quick", "twice as much, until it is enough", 0, nil, 1024},
		{"slow", "what is taken would wait for long", time.Millisecond, nil, 6},
		{"chosen", "a buffer that was asked for stays", 0, []gather.Option{gather.Buffer(10)}, 13},
	} {
		require.NotEmpty(t, tc.reason)
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var taken atomic.Int64
				given, ahead := 0, 0
				for range gather.Stream(t.Context(), naturals(&taken), func(ctx context.Context, i int) (int, error) {
					if tc.takes > 0 {
						time.Sleep(tc.takes)
					}
					return i, nil
				}, append(tc.opts, gather.Limit(3))...) {
					ahead = max(ahead, int(taken.Load())-given)
					if given++; given == 1_000_000 || ahead > 500 || given == 2000 && tc.most < 500 {
						break
					}
				}
				assert.LessOrEqual(t, ahead, tc.most, tc.reason)
				if tc.most > 500 {
					assert.Greater(t, ahead, 500, tc.reason)
				}
			})
		})
	}
}

// An idle worker that is woken counts towards the limit.
func TestStreamReachesItsLimitAfterIdling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 3
		start := time.Now()
		in := make(chan int)
		go func() {
			defer close(in)
			for range 2 { // idle once, and once more with all workers there
				in <- 0
				synctest.Wait()
				for range limit {
					in <- 1
				}
				time.Sleep(time.Second)
			}
		}()
		_, errs := collect(gather.Stream(t.Context(), gather.FromChan(in), func(_ context.Context, i int) (int, error) {
			return i, pause(t.Context(), time.Duration(i)*time.Second)
		}, gather.Limit(limit)))
		assert.Empty(t, errs)
		assert.Equal(t, 2*time.Second, time.Since(start), "all at once, twice")
	})
}
