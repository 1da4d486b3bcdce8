package labels

import (
	"context"
	"os"
	"os/signal"
	"runtime/pprof"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"golang.org/x/sync/errgroup"
)

type request struct{ ctx context.Context }

func (r request) Context() context.Context { return r.ctx }

var v = ctxvar.New[int]("v")

var (
	base     = context.Background()
	replaced = context.Background()
	Exported = context.Background()
)

var l = pprof.Labels("k", "v")

func fn(context.Context) { v.Get() }

func direct() {
	pprof.Do(context.Background(), l, fn)                  // want `pprof.Do with a ctx that carries no variables loses those that the goroutine has inherited: use ctxvar.Do`
	pprof.Do(context.TODO(), l, func(context.Context) {})  // want `pprof.Do with a ctx`
	pprof.SetGoroutineLabels(context.Background())         // want `pprof.SetGoroutineLabels with a ctx that carries no variables loses those that the goroutine has inherited: give it ctxvar.NewContext\(ctx\)`
	defer pprof.SetGoroutineLabels((context.Background())) // want `pprof.SetGoroutineLabels`
	pprof.Do(base, l, fn)                                  // want `pprof.Do`
	pprof.Do(replaced, l, fn)
	pprof.Do(Exported, l, fn)
	replaced = ctxvar.NewContext(replaced)
}

func derived(key any) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	pprof.Do(ctx, l, fn) // want `pprof.Do`
	ctx2 := context.WithValue(ctx, key, 1)
	ctx2 = pprof.WithLabels(ctx2, l)
	pprof.SetGoroutineLabels(ctx2) // want `pprof.SetGoroutineLabels`
	ctx3, stop := signal.NotifyContext(ctx2, os.Interrupt)
	defer stop()
	_, ctx4 := errgroup.WithContext(ctx3)
	go func() {
		pprof.Do(ctx4, l, fn) // want `pprof.Do`
	}()
	var ctx5 context.Context
	ctx5 = context.WithoutCancel(ctx4)
	pprof.Do(ctx5, l, fn) // want `pprof.Do`
}

func carrying(ctx context.Context, r request) {
	pprof.Do(ctx, l, fn)
	pprof.Do(r.Context(), l, fn)
	own := ctxvar.NewContext(context.Background())
	pprof.Do(own, l, fn)
	pprof.SetGoroutineLabels(own)
	ctxvar.Do(context.Background(), l, func(ctx context.Context) { pprof.Do(ctx, l, fn) })
	pprof.Do(context.WithValue(own, "k", 1), l, fn)
	later := context.Background()
	later = ctxvar.NewContext(later)
	pprof.Do(later, l, fn)
	pointed := context.Background()
	carry(&pointed)
	pprof.Do(pointed, l, fn)
	for _, each := range []context.Context{own} {
		pprof.Do(each, l, fn)
	}
}

func carry(ctx *context.Context) { *ctx = ctxvar.NewContext(*ctx) }
