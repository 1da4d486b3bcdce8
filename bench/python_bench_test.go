package bench_test

import (
	"context"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var pythonVar = ctxvar.New("var", ctxvar.Default(0))

// BenchmarkPython does the operations of cpython.py, under the same names.
func BenchmarkPython(b *testing.B) {
	nothing := func(context.Context) (int, error) { return 0, nil }
	run := func(b *testing.B, op string, loop func(ctx context.Context, b *testing.B)) {
		b.Run("op="+op+"/heirloom", func(b *testing.B) {
			_, err := task.Run(b.Context(), func(ctx context.Context) (int, error) {
				defer pythonVar.Set(1).Reset()
				measure(b, func() { loop(ctx, b) })
				return 0, nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
	run(b, "get", func(_ context.Context, b *testing.B) {
		for b.Loop() {
			sum += pythonVar.Get()
		}
	})
	run(b, "set", func(_ context.Context, b *testing.B) {
		for b.Loop() {
			pythonVar.Set(2).Reset()
		}
	})
	run(b, "run", func(_ context.Context, b *testing.B) {
		c := ctxvar.Copy()
		for b.Loop() {
			c.Run(func() {})
		}
	})
	run(b, "task", func(ctx context.Context, b *testing.B) {
		for b.Loop() {
			v, _ := task.Go(ctx, nothing).Await(ctx)
			sum += v
		}
	})
	run(b, "group", func(ctx context.Context, b *testing.B) {
		for b.Loop() {
			_ = task.Group(ctx, func(ctx context.Context) error {
				for range 100 {
					task.Go(ctx, nothing)
				}
				return nil
			})
		}
	})
	run(b, "gather", func(ctx context.Context, b *testing.B) {
		fns := make([]task.Func[int], 1000)
		for i := range fns {
			fns[i] = nothing
		}
		for b.Loop() {
			results, _ := gather.All(ctx, fns...)
			sum += len(results)
		}
	})
}
