package labels

import (
	"context"
	"runtime/pprof"

	"github.com/heirloom-go/heirloom/ctxvar"

	"example.com/testdata/labels/wrap"
)

func overwritten(ctx context.Context, fail bool) {
	pprof.SetGoroutineLabels(ctx)
	if fail {
		ctx = context.Background()
		pprof.SetGoroutineLabels(ctx) // want `SetGoroutineLabels with a ctx that carries no variables`
	}
	pprof.SetGoroutineLabels(ctx)
	ctx = context.WithValue(context.TODO(), "k", 1)
	pprof.Do(ctx, pprof.Labels(), func(context.Context) {}) // want `pprof.Do with a ctx that carries no variables`
	for range 3 {
		ctx = context.WithValue(ctx, "k", 1)
		pprof.SetGoroutineLabels(ctx) // want `SetGoroutineLabels with`
	}
	ctx = ctxvar.NewContext(ctx)
	pprof.SetGoroutineLabels(ctx)
	if fail {
		ctx = context.Background()
	} else {
		ctx = context.TODO()
	}
	pprof.SetGoroutineLabels(ctx) // want `SetGoroutineLabels with`
}

func overwrittenElsewhere(ctx context.Context) {
	change := func() { ctx = ctxvar.NewContext(ctx) }
	ctx = context.Background()
	change()
	pprof.SetGoroutineLabels(ctx)
}

func orGiven(ctx context.Context) {
	if ctx == nil {
		ctx = context.Background()
	}
	pprof.SetGoroutineLabels(ctx)
}

func background() context.Context { return context.Background() }

func deeper() (context.Context, error) {
	ctx := background()
	return ctx, nil
}

func returned() {
	pprof.SetGoroutineLabels(background()) // want `SetGoroutineLabels with`
	ctx, err := deeper()
	_ = err
	pprof.SetGoroutineLabels(ctx)         // want `SetGoroutineLabels with`
	pprof.SetGoroutineLabels(wrap.Root()) // want `SetGoroutineLabels with`
	pprof.SetGoroutineLabels(wrap.Given(context.Background(), false))
}

func label(n int, ctx context.Context, fn func()) {
	pprof.Do(context.WithValue(ctx, "k", n), pprof.Labels(), func(context.Context) { fn() })
}

func deeperLabel(ctx context.Context) { label(1, ctx, func() {}) }

func wrapped(ctx context.Context) {
	label(1, context.Background(), func() {}) // want `label with a ctx that carries no variables loses those that the goroutine has inherited: give it ctxvar.NewContext`
	deeperLabel(context.TODO())               // want `deeperLabel with`
	wrap.Do(context.Background(), nil)        // want `wrap.Do with a ctx`
	deeperLabel(ctx)
	wrap.Do(ctx, nil)
	wrap.Later(context.Background())
	wrap.Kept(context.Background())
}

// What is detached has nothing to lose, unless it sets something itself.
func detached(id int) {
	ctxvar.Detach(func() {
		go func() { pprof.SetGoroutineLabels(context.Background()) }()
	})
	ctxvar.Detach(func() {
		v.Set(id)
		go func() { pprof.SetGoroutineLabels(context.Background()) }() // want `SetGoroutineLabels with`
	})
	values := ctxvar.Copy()
	ctxvar.Detach(func() {
		values.Run(func() {
			go pprof.Do(context.Background(), l, fn) // want `Do with`
		})
	})
}
