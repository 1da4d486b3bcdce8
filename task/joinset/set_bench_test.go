package joinset_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/joinset"
)

// BenchmarkSet takes the results of n tasks as they come: of a Set, from a
// channel that goroutines send to, and with task.AsCompleted.
func BenchmarkSet(b *testing.B) {
	ctx := context.Background()
	one := func(context.Context) (int, error) { return 1, nil }
	for _, n := range []int{10, 1000} {
		b.Run("joinset/tasks="+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set := joinset.New[int](ctx)
				for range n {
					set.Go(one)
				}
				sum := 0
				for v := range set.Results(ctx) {
					sum += v
				}
				if sum != n {
					b.Fatal(sum)
				}
			}
		})
		b.Run("channel/tasks="+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				results := make(chan int, n)
				for range n {
					go func() {
						v, _ := one(ctx)
						results <- v
					}()
				}
				sum := 0
				for range n {
					sum += <-results
				}
				if sum != n {
					b.Fatal(sum)
				}
			}
		})
		b.Run("ascompleted/tasks="+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tasks := make([]*task.Task[int], n)
				for i := range tasks {
					tasks[i] = task.Go(ctx, one)
				}
				sum := 0
				for t := range task.AsCompleted(ctx, tasks...) {
					v, _ := t.Result()
					sum += v
				}
				if sum != n {
					b.Fatal(sum)
				}
			}
		})
	}
}
