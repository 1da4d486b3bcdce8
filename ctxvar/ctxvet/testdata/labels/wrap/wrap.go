// Package wrap knows nothing of ctxvar.
package wrap

import (
	"context"
	"runtime/pprof"
)

func Root() context.Context { return context.TODO() } // want Root:"returns a foreign ctx"

func Given(ctx context.Context, or bool) context.Context {
	if or {
		return context.Background()
	}
	return ctx
}

func Do(ctx context.Context, fn func(context.Context)) { // want Do:"sets labels"
	pprof.Do(ctx, pprof.Labels("k", "v"), fn)
}

func Later(ctx context.Context) func() { return func() { pprof.SetGoroutineLabels(ctx) } }

func Kept(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	pprof.SetGoroutineLabels(ctx)
}
