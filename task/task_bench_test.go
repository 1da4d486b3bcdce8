package task_test

import (
	"context"
	"testing"

	"github.com/heirloom-go/heirloom/task"
)

func one(context.Context) (int, error) { return 1, nil }

// BenchmarkGoAwait is the cost of a task beside that of what it is made of: a
// goroutine and a channel.
func BenchmarkGoAwait(b *testing.B) {
	b.Run("go+channel", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ch := make(chan int)
			go func() { ch <- 1 }()
			<-ch
		}
	})
	b.Run("task", func(b *testing.B) {
		b.ReportAllocs()
		ctx := context.Background()
		for b.Loop() {
			if _, err := task.Go(ctx, one).Await(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("task in Run", func(b *testing.B) {
		b.ReportAllocs()
		_, _ = task.Run(context.Background(), func(ctx context.Context) (int, error) {
			for b.Loop() {
				if _, err := task.Go(ctx, one).Await(ctx); err != nil {
					b.Fatal(err)
				}
			}
			return 0, nil
		})
	})
}
