package limit_test

import (
	"context"
	"strconv"
	"testing"

	"golang.org/x/sync/semaphore"

	"github.com/heirloom-go/heirloom/task/limit"
)

// BenchmarkAcquire acquires and releases one place, beside x/sync's semaphore:
// where there is room, and in twice as many goroutines as there are places.
func BenchmarkAcquire(b *testing.B) {
	ctx := context.Background()
	run := func(b *testing.B, acquire func() error, release func()) {
		b.ReportAllocs()
		for b.Loop() {
			if err := acquire(); err != nil {
				b.Fatal(err)
			}
			release()
		}
	}
	contend := func(b *testing.B, acquire func() error, release func()) {
		b.ReportAllocs()
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if acquire() == nil {
					release()
				}
			}
		})
	}
	for name, how := range map[string]func(*testing.B, func() error, func()){"free": run, "contended": contend} {
		b.Run(name+"/limiter", func(b *testing.B) {
			l := limit.New(limit.Limit{AtOnce: 4})
			how(b, func() error { return l.Acquire(ctx, 1) }, func() { l.Release(1) })
		})
		b.Run(name+"/semaphore", func(b *testing.B) {
			s := semaphore.NewWeighted(4)
			how(b, func() error { return s.Acquire(ctx, 1) }, func() { s.Release(1) })
		})
	}
	b.Run("free/rate", func(b *testing.B) {
		l := limit.New(limit.Limit{Every: 1, Burst: 1 << 30})
		run(b, func() error { return l.Acquire(ctx, 1) }, func() { l.Release(1) })
	})
	b.Run("free/key", func(b *testing.B) {
		k := limit.NewKeyed(func(int) limit.Limit { return limit.Limit{AtOnce: 4} })
		g := k.For(1)
		run(b, func() error { return g.Acquire(ctx, 1) }, func() { g.Release(1) })
	})
	b.Run("free/keys with a rate", func(b *testing.B) {
		k := limit.NewKeyed(func(string) limit.Limit { return limit.Limit{Every: 1000, Burst: 1000} })
		n := 0
		gates := make([]limit.Gate, 1000)
		for i := range gates {
			gates[i] = k.For(strconv.Itoa(i))
		}
		run(b, func() error { n++; return gates[n%len(gates)].Acquire(ctx, 1) }, func() { gates[n%len(gates)].Release(1) })
	})
}
