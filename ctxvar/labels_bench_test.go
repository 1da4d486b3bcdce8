package ctxvar_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// fresh runs fn in a goroutine that has neither variables nor labels.
func fresh(fn func()) {
	done := make(chan struct{})
	ctxvar.Detach(func() {
		go func() {
			defer close(done)
			pprof.SetGoroutineLabels(context.Background())
			fn()
		}()
	})
	<-done
}

// The cost of labels with variables, and that of variables with labels.
func BenchmarkLabels(b *testing.B) {
	labels := pprof.Labels("k", "v")
	run := func(name string, fn func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			fresh(func() { fn(b) })
		})
	}
	run("GetOfNothing", func(b *testing.B) {
		for b.Loop() {
			sink = tenant.Get()
		}
	})
	run("Set", func(b *testing.B) {
		for b.Loop() {
			tenant.Set("x")
		}
	})
	run("Set+Reset", func(b *testing.B) {
		for b.Loop() {
			tenant.Set("x").Reset()
		}
	})
	run("Do/foreign", func(b *testing.B) {
		tenant.Set("x")
		for b.Loop() {
			pprof.Do(context.Background(), labels, func(context.Context) {})
		}
	})
	run("Do/foreign+Get", func(b *testing.B) {
		tenant.Set("x")
		for b.Loop() {
			pprof.Do(context.Background(), labels, func(context.Context) { sink = tenant.Get() })
		}
	})
	for _, nested := range []int{1, 10, 100} {
		ctx := context.Background()
		run(fmt.Sprint("Do/ours/", nested), func(b *testing.B) {
			tenant.Set("x")
			for range nested {
				ctx = ctxvar.NewContext(ctx)
			}
			for b.Loop() {
				pprof.Do(ctx, labels, func(context.Context) {})
			}
		})
	}
	run("Do/ours+Get", func(b *testing.B) {
		tenant.Set("x")
		ctx := ctxvar.NewContext(context.Background())
		for b.Loop() {
			pprof.Do(ctx, labels, func(context.Context) { sink = tenant.Get() })
		}
	})
	run("Do/ours+Set", func(b *testing.B) {
		ctx := ctxvar.NewContext(context.Background())
		for b.Loop() {
			pprof.Do(ctx, labels, func(context.Context) { tenant.Set("x") })
		}
	})
}

// The cost of a goroutine's first variable, and the memory that it keeps.
func BenchmarkGoroutineThatSets(b *testing.B) {
	for name, job := range map[string]func(){
		"Set":       func() { tenant.Set("x") },
		"Set+Reset": func() { tenant.Set("x").Reset() },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			fresh(func() {
				var wg sync.WaitGroup
				fn := func() { job(); wg.Done() }
				for b.Loop() {
					wg.Add(1)
					go fn()
					wg.Wait()
				}
			})
		})
	}
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			const n = 20_000
			var in, wg sync.WaitGroup
			stop := make(chan struct{})
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			in.Add(n)
			for range n {
				wg.Go(func() { tenant.Set("x"); in.Done(); <-stop })
			}
			in.Wait()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/goroutine")
			close(stop)
			wg.Wait()
		}
	})
}
