package task_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/heirloom-go/heirloom/task"
)

func one(context.Context) (int, error) { return 1, nil }

// heap is how much memory a benchmark keeps alive by default: as much as a small
// server.
const heap = 32 << 20

// live keeps size bytes alive until b has ended. With almost nothing alive, garbage is
// collected every few thousand tasks, hundreds of times a second, and the benchmark
// would measure the collector.
func live(b *testing.B, size int) {
	held := make([]byte, size)
	for i := 0; i < size; i += 1 << 10 {
		held[i] = 1
	}
	runtime.GC()
	b.Cleanup(func() { runtime.KeepAlive(held) })
}

// BenchmarkGoAwait is the cost of a task beside that of what it is made of: a
// goroutine and a channel.
func BenchmarkGoAwait(b *testing.B) {
	for _, size := range []int{0, heap} {
		b.Run(fmt.Sprintf("live=%dMB", size>>20), func(b *testing.B) {
			live(b, size)
			benchGoAwait(b)
		})
	}
}

func benchGoAwait(b *testing.B) {
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

// BenchmarkParallel has every processor start and await tasks of one Run, which
// share the lock of their parent.
func BenchmarkParallel(b *testing.B) {
	live(b, heap)
	b.Run("go+channel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				ch := make(chan int)
				go func() { ch <- 1 }()
				<-ch
			}
		})
	})
	b.Run("task", func(b *testing.B) {
		_, _ = task.Run(context.Background(), func(ctx context.Context) (int, error) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _ = task.Go(ctx, one).Await(ctx)
				}
			})
			return 0, nil
		})
	})
	b.Run("task, each with a parent of its own", func(b *testing.B) {
		_, _ = task.Run(context.Background(), func(ctx context.Context) (int, error) {
			b.RunParallel(func(pb *testing.PB) {
				_, _ = task.Go(ctx, func(ctx context.Context) (int, error) {
					for pb.Next() {
						_, _ = task.Go(ctx, one).Await(ctx)
					}
					return 0, nil
				}).Await(ctx)
			})
			return 0, nil
		})
	})
}

// BenchmarkGroup is a Group of 100 children beside a WaitGroup of 100 goroutines.
func BenchmarkGroup(b *testing.B) {
	const n = 100
	live(b, heap)
	b.Run("WaitGroup", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {})
			}
			wg.Wait()
		}
	})
	b.Run("Group", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = task.Group(context.Background(), func(ctx context.Context) error {
				for range n {
					task.Go(ctx, one)
				}
				return nil
			})
		}
	})
}

// BenchmarkCancel cancels a task with 1000 children that wait for their ctx,
// beside a context with 1000 goroutines that do.
func BenchmarkCancel(b *testing.B) {
	const n = 1000
	live(b, heap)
	b.Run("context", func(b *testing.B) {
		for b.Loop() {
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					ctx, cancel := context.WithCancel(ctx)
					defer cancel()
					<-ctx.Done()
				})
			}
			cancel()
			wg.Wait()
		}
	})
	b.Run("task", func(b *testing.B) {
		for b.Loop() {
			_ = task.Group(context.Background(), func(ctx context.Context) error {
				for range n {
					task.Go(ctx, func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
				}
				return context.Canceled
			})
		}
	})
}

// BenchmarkServe is the cost of a task that is waited for twice, until it is ready
// and until it has ended, beside one that is waited for once.
func BenchmarkServe(b *testing.B) {
	ctx := context.Background()
	b.Run("go+await", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := task.Go(ctx, one).Await(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("serve+await", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, server, err := task.Serve(ctx, func(_ context.Context, ready func(int)) error { ready(1); return nil })
			if err != nil {
				b.Fatal(err)
			}
			if _, err := server.Await(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPromise is the cost of a result that comes from outside, beside that of
// a channel with room for it.
func BenchmarkPromise(b *testing.B) {
	ctx := context.Background()
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			result := make(chan int, 1)
			go func() { result <- 1 }()
			<-result
		}
	})
	b.Run("promise", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			promise, complete := task.Promise[int](ctx)
			go complete(1, nil)
			if _, err := promise.Await(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
}
