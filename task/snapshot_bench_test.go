package task_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/heirloom-go/heirloom/task"
)

// BenchmarkSnapshot takes a picture of 100 of the live tasks, which should cost the same
// however many there are. HEIRLOOM_SLOW adds a million, which take 3 GB.
func BenchmarkSnapshot(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("tasks=%d", n), func(b *testing.B) {
			if n == 1_000_000 && !slow {
				b.Skip("set HEIRLOOM_SLOW to have a million tasks at once")
			}
			_ = task.Group(context.Background(), func(ctx context.Context) error {
				release := make(chan none)
				for range n {
					task.Start(ctx, func(context.Context) error { <-release; return nil })
				}
				b.ReportAllocs()
				for b.Loop() {
					if t := task.Snapshot(task.TreeMax(100)); len(t.Tasks) != 100 {
						b.Fatal(len(t.Tasks))
					}
				}
				close(release)
				return nil
			})
		})
	}
}
