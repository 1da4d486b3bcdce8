package scope_test

import (
	"context"
	"testing"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

// BenchmarkGo starts and awaits tasks: those of a Scope that has others, of one
// that has none, and, to compare, without one.
func BenchmarkGo(b *testing.B) {
	ctx := context.Background()
	nothing := func(context.Context) (int, error) { return 0, nil }
	b.Run("scope=busy", func(b *testing.B) {
		b.ReportAllocs()
		s := scope.New(ctx)
		other := scope.Go(s, func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
		for b.Loop() {
			_, _ = scope.Go(s, nothing).Await(ctx)
		}
		other.Cancel(nil)
		_ = s.Wait(ctx)
	})
	b.Run("scope=empty", func(b *testing.B) {
		b.ReportAllocs()
		s := scope.New(ctx)
		for b.Loop() {
			_, _ = scope.Go(s, nothing).Await(ctx)
		}
		_ = s.Wait(ctx)
	})
	b.Run("scope=none", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = task.Go(ctx, nothing).Await(ctx)
		}
	})
}
