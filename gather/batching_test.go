package gather_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
)

// paced gives 0, 1, 2... each after one of the waits.
func paced(waits ...time.Duration) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, wait := range waits {
			time.Sleep(wait)
			if !yield(i) {
				return
			}
		}
	}
}

func TestBatch(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name, reason string
		in           iter.Seq[int]
		n            int
		wait         time.Duration
		want         [][]int
		at           []time.Duration
	}{
		{"full", "n items are a batch, the rest is the last one", paced(0, s, s, s, s), 2, time.Hour, [][]int{{0, 1}, {2, 3}, {4}}, []time.Duration{s, 3 * s, 4 * s}},
		{"late", "the time counts from the first item", paced(5*s, s, 5*s, s, s), 9, 3 * s, [][]int{{0, 1}, {2, 3, 4}}, []time.Duration{8 * s, 13 * s}},
		{"no limit of time", "0 is none", paced(0, time.Hour, time.Hour), 2, 0, [][]int{{0, 1}, {2}}, []time.Duration{time.Hour, 2 * time.Hour}},
		{"of one", "nothing is ever waited for", paced(0, s), 1, time.Hour, [][]int{{0}, {1}}, []time.Duration{0, s}},
		{"whole", "no empty batch at the end", paced(0, s), 2, time.Hour, [][]int{{0, 1}}, []time.Duration{s}},
		{"nothing", "no batch is empty", paced(), 2, time.Hour, nil, nil},
	} {
		require.NotEmpty(t, tc.reason)
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var got [][]int
				var at []time.Duration
				for batch := range gather.Batch(tc.in, tc.n, tc.wait) {
					got = append(got, batch)
					at = append(at, time.Since(start))
				}
				assert.Equal(t, tc.want, got, tc.reason)
				assert.Equal(t, tc.at, at, tc.reason)
			})
		})
	}
}

// A loop that is slow holds up the input.
func TestBatchHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given := 0
		in := func(yield func(int) bool) {
			for yield(given) {
				given++
			}
		}
		for batch := range gather.Batch(in, 3, time.Second) {
			time.Sleep(time.Hour)
			synctest.Wait()
			assert.Equal(t, batch[2]+1, given, "one more waits")
			if given > 20 {
				break
			}
		}
	})
}

// When the stream ends, so does everything that feeds it, however that is composed: a
// channel that is never closed does not keep it.
func TestBatchEndsWithTheStream(t *testing.T) {
	same := func(_ context.Context, i int) (int, error) { return i, nil }
	for name, input := range map[string]func(<-chan int) iter.Seq[int]{
		"a channel": gather.FromChan[int],
		"a stream": func(ch <-chan int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for i := range gather.Stream(context.Background(), gather.FromChan(ch), same) {
					if !yield(i) {
						return
					}
				}
			}
		},
	} {
		for end, wait := range map[string]time.Duration{"break": time.Hour, "cancel": time.Hour, "no limit of time": 0} {
			synctest.Test(t, func(t *testing.T) {
				ch := make(chan int, 5)
				for i := range 5 {
					ch <- i
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for range gather.Stream(ctx, gather.Batch(input(ch), 2, wait), func(_ context.Context, batch []int) (int, error) {
					return len(batch), nil
				}, gather.Limit(1)) {
					if end != "cancel" {
						break
					}
					cancel()
				}
				assert.LessOrEqual(t, len(ch), 3, "%s, %s: it did begin", name, end)
			})
		}
	}
}

func TestBatchSeesTheCallersVariables(t *testing.T) {
	defer jobVar.Set("caller").Reset()
	in := func(yield func(string) bool) {
		seen := jobVar.Get()
		jobVar.Set("input")
		yield(seen)
	}
	for batch := range gather.Batch(in, 2, time.Hour) {
		assert.Equal(t, []string{"caller"}, batch)
	}
	assert.Equal(t, "caller", jobVar.Get())
}

func TestBatchOfAnInputThatDoesNotReturn(t *testing.T) {
	for name, wait := range map[string]time.Duration{"time": time.Hour, "no limit of time": 0} {
		batches := func(in iter.Seq[int]) { _ = slices.Collect(gather.Batch(in, 3, wait)) }
		how, value := endOf(func() { batches(func(yield func(int) bool) { yield(1); panic(errBoom) }) })
		assert.Equal(t, "panic", how, name)
		if err, ok := value.(error); ok {
			assert.ErrorIs(t, err, errBoom, name)
		}
		how, _ = endOf(func() { batches(func(yield func(int) bool) { yield(1); runtime.Goexit() }) })
		assert.Equal(t, "Goexit", how, name)
		how, value = endOf(func() {
			for range gather.Batch(func(yield func(int) bool) {
				defer panics()
				for yield(1) {
				}
			}, 1, wait) {
				break
			}
		})
		assert.Equal(t, "panic", how, "%s: while it cleans up", name)
		assert.ErrorIs(t, value.(error), errBoom, name)
	}
}

// A loop that ends, in whatever way, over an input that has nothing to say.
func TestBatchReportsNothingOfAnInputThatEnded(t *testing.T) {
	lines := logged(t)
	in := slices.Values([]int{1, 2})
	assert.Len(t, slices.Collect(gather.Batch(in, 1, time.Hour)), 2)
	how, _ := endOf(func() {
		for range gather.Batch(in, 1, time.Hour) {
			panic("loop")
		}
	})
	assert.Equal(t, "panic", how)
	assert.Empty(t, lines)
}

// Of two panics, one continues in the caller, and the other one is reported.
func TestBatchLoopPanicsBesideItsInput(t *testing.T) {
	lines := logged(t)
	how, value := endOf(func() {
		for range gather.Batch(func(yield func(int) bool) {
			defer panics()
			for yield(1) {
			}
		}, 1, time.Hour) {
			panic("loop")
		}
	})
	assert.Equal(t, "panic", how)
	assert.Equal(t, "loop", value)
	assert.Contains(t, <-lines, "boom")
}

func TestBatchUsage(t *testing.T) {
	in := paced()
	for _, tc := range []struct {
		want string
		call func()
	}{
		{"gather.Batch: nil input; pass a sequence, as slices.Values(items)", func() { gather.Batch[int](nil, 1, 0) }},
		{"gather.Batch: batches of 0 items; at least 1 must be in each", func() { gather.Batch(in, 0, 0) }},
		{"gather.Batch: wait of at most -1s; it must not be negative, and 0 is no limit", func() { gather.Batch(in, 1, -time.Second) }},
	} {
		assert.EqualError(t, usageError(t, tc.call), tc.want)
	}
}

func ExampleBatch() {
	rows := slices.Values([]string{"a", "b", "c", "d", "e"})
	insert := func(_ context.Context, rows []string) (string, error) {
		return fmt.Sprint("inserted ", rows), nil
	}
	for said, err := range gather.Stream(context.Background(), gather.Batch(rows, 2, time.Minute), insert, gather.Ordered()) {
		fmt.Println(said, err)
	}
	// Output:
	// inserted [a b] <nil>
	// inserted [c d] <nil>
	// inserted [e] <nil>
}

func BenchmarkBatch(b *testing.B) {
	items := slices.Values(make([]int, 10_000))
	b.Run("channel", func(b *testing.B) { // the least that the time limit needs
		for b.Loop() {
			ch := make(chan int)
			go func() {
				defer close(ch)
				for i := range items {
					ch <- i
				}
			}()
			for range ch {
			}
		}
	})
	for name, wait := range map[string]time.Duration{"wait": time.Hour, "no wait": 0} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range gather.Batch(items, 100, wait) {
				}
			}
		})
	}
}
