package shared_test

import (
	"context"
	"sync"
	"testing"

	"golang.org/x/sync/singleflight"

	"github.com/heirloom-go/heirloom/task/shared"
)

// BenchmarkDo has one caller at a time, for whom a task is started and awaited,
// and a hundred that wait for the same one, beside singleflight, where the first
// caller runs the function itself.
func BenchmarkDo(b *testing.B) {
	ctx := context.Background()
	b.Run("alone/shared", func(b *testing.B) {
		b.ReportAllocs()
		s := shared.New(ctx, func(context.Context, string) (int, error) { return 1, nil })
		for b.Loop() {
			_, _ = s.Do(ctx, "key")
		}
	})
	b.Run("alone/singleflight", func(b *testing.B) {
		b.ReportAllocs()
		var g singleflight.Group
		for b.Loop() {
			_, _, _ = g.Do("key", func() (any, error) { return 1, nil })
		}
	})
	// The function ends when all callers have come.
	const callers = 100
	together := func(b *testing.B, do func(coming *sync.WaitGroup)) {
		b.ReportAllocs()
		for b.Loop() {
			var coming, going sync.WaitGroup
			coming.Add(callers)
			for range callers {
				going.Go(func() {
					coming.Done()
					do(&coming)
				})
			}
			going.Wait()
		}
	}
	b.Run("together/shared", func(b *testing.B) {
		s := shared.New(ctx, func(_ context.Context, coming *sync.WaitGroup) (int, error) {
			coming.Wait()
			return 1, nil
		})
		together(b, func(coming *sync.WaitGroup) { _, _ = s.Do(ctx, coming) })
	})
	b.Run("together/singleflight", func(b *testing.B) {
		var g singleflight.Group
		together(b, func(coming *sync.WaitGroup) {
			_, _, _ = g.Do("key", func() (any, error) { coming.Wait(); return 1, nil })
		})
	})
}
