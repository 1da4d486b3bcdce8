package gather_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// The baseline of each benchmark is errgroup, which isolates nothing, with the same
// jobs. bench compares other packages.

func BenchmarkAll(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		fns := make([]task.Func[int], n)
		for i := range fns {
			fns[i] = func(context.Context) (int, error) { return i, nil }
		}
		b.Run(fmt.Sprintf("jobs=%d/errgroup", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g, ctx := errgroup.WithContext(b.Context())
				results := make([]int, n)
				for i, fn := range fns {
					g.Go(func() (err error) {
						results[i], err = fn(ctx)
						return err
					})
				}
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("jobs=%d/All", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := gather.All(b.Context(), fns...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGroup(b *testing.B) {
	job := func() error { return nil }
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("jobs=%d/errgroup", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g, _ := errgroup.WithContext(b.Context())
				for range n {
					g.Go(job)
				}
				_ = g.Wait()
			}
		})
		b.Run(fmt.Sprintf("jobs=%d/Group", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g, _ := gather.WithContext(b.Context())
				for range n {
					g.Go(job)
				}
				_ = g.Wait()
			}
		})
	}
}

func BenchmarkMap(b *testing.B) {
	items := make([]int, 100_000)
	b.Run("errgroup", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g, _ := errgroup.WithContext(b.Context())
			g.SetLimit(8)
			results := make([]int, len(items))
			for i, item := range items {
				g.Go(func() error { results[i] = item + 1; return nil })
			}
			_ = g.Wait()
		}
	})
	b.Run("Map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = gather.Map(b.Context(), items, next, gather.Limit(8))
		}
	})
	for _, ordered := range []bool{false, true} {
		opts := []gather.Option{gather.Limit(8)}
		if ordered {
			opts = append(opts, gather.Ordered())
		}
		b.Run(fmt.Sprintf("Stream/ordered=%t", ordered), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range gather.Stream(b.Context(), slices.Values(items), next, opts...) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func next(_ context.Context, n int) (int, error) { return n + 1, nil }
