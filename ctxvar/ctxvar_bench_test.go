package ctxvar_test

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Each benchmark has beside it what Go offers without variables, so that the
// ratio can be read from one run: context.Context.Value for Get, WithValue for
// Set, a bare go statement for one that inherits.

// counts are the numbers of variables that are set.
var counts = []int{1, 10, 100, 1000}

// benchVars are declared before all others, as a program that has that many
// variables would have them. In a run of the tests alone the first numbers, and
// so the shape of the trie that most programs have, are left to the tests.
var benchVars = func() []*ctxvar.Var[string] {
	if !slices.ContainsFunc(os.Args, func(arg string) bool { return strings.HasPrefix(arg, "-test.bench") }) {
		return nil
	}
	vars := make([]*ctxvar.Var[string], slices.Max(counts))
	for i := range vars {
		vars[i] = ctxvar.New[string]("bench")
	}
	return vars
}()

// setting runs fn in a Context in which the first n variables are set, and
// gives it the one in the middle.
func setting(n int, fn func(v *ctxvar.Var[string])) {
	ctxvar.Empty().Run(func() {
		for _, v := range benchVars[:n] {
			v.Set("value")
		}
		fn(benchVars[n/2])
	})
}

func eachCount(b *testing.B, bench func(b *testing.B, v *ctxvar.Var[string])) {
	for _, n := range counts {
		b.Run(fmt.Sprintf("vars=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			setting(n, func(v *ctxvar.Var[string]) { bench(b, v) })
		})
	}
}

var sink string

func BenchmarkGet(b *testing.B) {
	eachCount(b, func(b *testing.B, v *ctxvar.Var[string]) {
		for b.Loop() {
			sink = v.Get()
		}
	})
	b.Run("unset", func(b *testing.B) {
		v := ctxvar.New("bench", ctxvar.Default("default"))
		for b.Loop() {
			sink = v.Get()
		}
	})
	b.Run("labelled", func(b *testing.B) {
		setting(1, func(v *ctxvar.Var[string]) {
			pprof.Do(ctxvar.NewContext(b.Context()), pprof.Labels("k", "v"), func(context.Context) {
				for b.Loop() {
					sink = v.Get()
				}
			})
		})
	})
}

func BenchmarkGetParallel(b *testing.B) {
	eachCount(b, func(b *testing.B, v *ctxvar.Var[string]) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if v.Get() == "" {
					panic("not inherited")
				}
			}
		})
	})
}

type contextKey int

// deep returns a context.Context with depth values, of which key 0 is the
// farthest.
func deep(depth int) context.Context {
	ctx := context.Background()
	for i := range depth {
		ctx = context.WithValue(ctx, contextKey(i), "value")
	}
	return ctx
}

var depths = []int{1, 5, 20}

func BenchmarkContextValue(b *testing.B) {
	for _, depth := range depths {
		b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) {
			ctx := deep(depth)
			for b.Loop() {
				sink = ctx.Value(contextKey(0)).(string)
			}
		})
	}
}

func BenchmarkContextValueParallel(b *testing.B) {
	for _, depth := range depths {
		b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) {
			ctx := deep(depth)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if ctx.Value(contextKey(0)).(string) == "" {
						panic("no value")
					}
				}
			})
		})
	}
}

func BenchmarkSetReset(b *testing.B) {
	eachCount(b, func(b *testing.B, v *ctxvar.Var[string]) {
		for b.Loop() {
			v.Set("other").Reset()
		}
	})
}

func BenchmarkWith(b *testing.B) {
	eachCount(b, func(b *testing.B, v *ctxvar.Var[string]) {
		for b.Loop() {
			v.With("other", func() {})
		}
	})
}

// A value that is computed has to be put into an interface, as one that is set is;
// for a constant the compiler has done that.
func BenchmarkContextWithValue(b *testing.B) {
	ctx := context.Background()
	value := strings.Repeat("other", 1)
	b.Run("constant", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sinkContext = context.WithValue(ctx, contextKey(0), "other")
		}
	})
	b.Run("computed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sinkContext = context.WithValue(ctx, contextKey(0), value)
		}
	})
}

var sinkContext context.Context

func BenchmarkCopy(b *testing.B) {
	eachCount(b, func(b *testing.B, _ *ctxvar.Var[string]) {
		for b.Loop() {
			sinkCopy = ctxvar.Copy()
		}
	})
}

var sinkCopy *ctxvar.Context

func BenchmarkRun(b *testing.B) {
	eachCount(b, func(b *testing.B, _ *ctxvar.Var[string]) {
		c := ctxvar.Copy()
		for b.Loop() {
			c.Run(func() {})
		}
	})
}

func BenchmarkNewContext(b *testing.B) {
	eachCount(b, func(b *testing.B, _ *ctxvar.Var[string]) {
		ctx := context.Background()
		for b.Loop() {
			sinkContext = ctxvar.NewContext(ctx)
		}
	})
}

// BenchmarkGo starts a goroutine and waits for it: bare, from one that has no
// variables set, and inheriting.
func BenchmarkGo(b *testing.B) {
	run := func(b *testing.B, fn func()) {
		b.ReportAllocs()
		var wg sync.WaitGroup
		job := func() { fn(); wg.Done() }
		for b.Loop() {
			wg.Add(1)
			go job()
			wg.Wait()
		}
	}
	b.Run("bare", func(b *testing.B) { ctxvar.Detach(func() { run(b, func() {}) }) })
	eachCount(b, func(b *testing.B, _ *ctxvar.Var[string]) { run(b, func() {}) })
	b.Run("and Get", func(b *testing.B) {
		setting(10, func(v *ctxvar.Var[string]) {
			run(b, func() {
				if v.Get() != "value" {
					panic("not inherited")
				}
			})
		})
	})
	b.Run("and Set", func(b *testing.B) {
		setting(10, func(v *ctxvar.Var[string]) { run(b, func() { v.Set("own") }) })
	})
}

// BenchmarkDo is pprof.Do as it is, and with a ctx of ours around a Get.
func BenchmarkDo(b *testing.B) {
	labels := pprof.Labels("k", "v")
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		ctxvar.Detach(func() {
			for b.Loop() {
				pprof.Do(context.Background(), labels, func(context.Context) {})
			}
		})
	})
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		setting(10, func(v *ctxvar.Var[string]) {
			ctx := ctxvar.NewContext(context.Background())
			for b.Loop() {
				pprof.Do(ctx, labels, func(context.Context) { sink = v.Get() })
			}
		})
	})
	b.Run("ctxvar.Do", func(b *testing.B) {
		b.ReportAllocs()
		setting(10, func(v *ctxvar.Var[string]) {
			ctx := context.Background()
			for b.Loop() {
				ctxvar.Do(ctx, labels, func(context.Context) { sink = v.Get() })
			}
		})
	})
}
