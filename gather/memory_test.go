package gather_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
)

// These calls promise that their memory does not grow with the number of items, apart
// from the caller's own items and results. Each calls probe now and then while jobs
// run.
var bounded = []struct {
	name string
	call func(ctx context.Context, n int, probe func()) error
}{
	{"Stream", func(ctx context.Context, n int, probe func()) error {
		return drain(ctx, n, probe)
	}},
	{"Stream/Ordered", func(ctx context.Context, n int, probe func()) error {
		return drain(ctx, n, probe, gather.Ordered())
	}},
	{"Each/Limit", func(ctx context.Context, n int, probe func()) error {
		return gather.Each(ctx, make([]struct{}, n), probing(n, probe), gather.Limit(8))
	}},
	{"Each/Weight", func(ctx context.Context, n int, probe func()) error {
		return gather.Each(ctx, make([]struct{}, n), probing(n, probe), gather.Weight(8, func(struct{}) int64 { return 1 }))
	}},
}

const probes = 4

func drain(ctx context.Context, n int, probe func(), opts ...gather.Option) error {
	i := 0
	for _, err := range gather.Stream(ctx, count(n), same, append(opts, gather.Limit(8))...) {
		if err != nil {
			return err
		}
		if i++; i%(n/probes) == 0 {
			probe()
		}
	}
	return nil
}

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// probing returns a job that calls probe in a few of n calls.
func probing(n int, probe func()) func(context.Context, struct{}) error {
	turn := make(chan int, 1)
	turn <- 0
	return func(context.Context, struct{}) error {
		i := <-turn + 1
		if i%(n/probes) == 0 {
			probe()
		}
		turn <- i
		return nil
	}
}

// peak returns the largest amount of memory in use at a probe, beyond that before the
// call, and the number of goroutines.
func peak(t testing.TB, call func(ctx context.Context, n int, probe func()) error, n int) (bytes int64, goroutines int) {
	inUse := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc + m.StackInuse)
	}
	seen := 0
	before, goroutinesBefore := inUse(), runtime.NumGoroutine()
	require.NoError(t, call(t.Context(), n, func() {
		seen++
		bytes = max(bytes, inUse()-before)
		goroutines = max(goroutines, runtime.NumGoroutine()-goroutinesBefore)
	}))
	require.Equal(t, probes, seen)
	return bytes, goroutines
}

func TestMemoryIsBounded(t *testing.T) {
	for _, tc := range bounded {
		t.Run(tc.name, func(t *testing.T) {
			bytes, goroutines := peak(t, tc.call, 20_000)
			assert.Less(t, bytes, int64(1<<20))
			assert.LessOrEqual(t, goroutines, 20)
		})
	}
}

// BenchmarkMemory does the same over ten million items, and reports the figures.
func BenchmarkMemory(b *testing.B) {
	const n = 10_000_000
	for _, tc := range bounded {
		b.Run(fmt.Sprintf("%s/items=%d", tc.name, n), func(b *testing.B) {
			for b.Loop() {
				bytes, goroutines := peak(b, tc.call, n)
				b.ReportMetric(float64(bytes)/1024, "KiB-peak")
				b.ReportMetric(float64(goroutines), "goroutines-peak")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/item")
		})
	}
}
