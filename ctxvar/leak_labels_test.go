package ctxvar_test

import (
	"context"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Values that goroutines set in a pprof.Do, the parent's and their own, are garbage
// when the Do has ended, and so is its ctx.
func TestLeakInDo(t *testing.T) {
	const goroutines = 50
	gone := make([]weak.Pointer[blob], goroutines)
	assert.Nil(t, inGoroutine(func() {
		pprof.Do(ctxvar.NewContext(context.Background()), pprof.Labels("k", "v"), func(ctx context.Context) {
			var wg sync.WaitGroup
			for i := range goroutines {
				wg.Go(func() {
					pprof.Do(ctx, pprof.Labels("k2", "v2"), func(context.Context) {
						b := new(blob)
						gone[i] = weak.Make(b)
						blobVar.Set(b)
					})
				})
			}
			wg.Wait()
		})
	}))
	assert.Zero(t, alive(gone))
}

// A child goes on with the ctx of its parent's pprof.Do after the Do has ended. It
// keeps nothing alive that the parent set after the start of the child.
func TestLeakParentsLaterValuesInDo(t *testing.T) {
	release := make(chan struct{})
	var child sync.WaitGroup
	var later weak.Pointer[blob]
	assert.Nil(t, inGoroutine(func() {
		pprof.Do(ctxvar.NewContext(context.Background()), pprof.Labels("k", "v"), func(ctx context.Context) {
			child.Go(func() {
				requestID.Set("child")
				<-release
				assert.NoError(t, ctx.Err())
			})
			b := new(blob)
			later = weak.Make(b)
			blobVar.Set(b)
			pprof.Do(ctx, pprof.Labels("k2", "v2"), func(context.Context) { assert.Same(t, b, blobVar.Get()) })
		})
	}))
	requireCollected(t, later)
	close(release)
	child.Wait()
}

// A server has one ctx, and runs a pprof.Do with it for each request.
func TestLeakManyDo(t *testing.T) {
	ctx := ctxvar.NewContext(context.Background())
	gone := make([]weak.Pointer[blob], 100)
	for i := range gone {
		pprof.Do(ctx, pprof.Labels("k", "v"), func(ctx context.Context) {
			b := new(blob)
			gone[i] = weak.Make(b)
			defer blobVar.Set(b).Reset()
			pprof.Do(ctx, pprof.Labels("k2", "v2"), func(context.Context) { assert.Same(t, b, blobVar.Get()) })
		})
	}
	assert.Zero(t, alive(gone))
	runtime.KeepAlive(ctx)
}

// A goroutine of a labelled service sets a value without a reset. After its end it
// keeps nothing alive, although its cell still exists and is not used again.
func TestLeakInALabelledService(t *testing.T) {
	services := map[string]func(fn func(context.Context)){
		"pprof.Do with a ctx of ours": func(fn func(context.Context)) {
			pprof.Do(ctxvar.NewContext(t.Context()), pprof.Labels("service", "api"), fn)
		},
		"pprof.Do with a foreign ctx": func(fn func(context.Context)) {
			pprof.Do(t.Context(), pprof.Labels("service", "api"), fn)
		},
		"ctxvar.Do": func(fn func(context.Context)) {
			ctxvar.Do(t.Context(), pprof.Labels("service", "api"), fn)
		},
	}
	for name, serve := range services {
		t.Run(name, func(t *testing.T) {
			tenant.Set("of the service")
			serve(func(ctx context.Context) {
				var wg sync.WaitGroup
				gone := make([]weak.Pointer[blob], 50)
				for i := range gone {
					wg.Go(func() {
						b := new(blob)
						gone[i] = weak.Make(b)
						blobVar.Set(b)
						pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) { blobVar.Get() })
					})
				}
				wg.Wait()
				assert.Zero(t, alive(gone))
			})
		})
	}
}

// A labelled ctx that is kept keeps the values that it carries, and not those to which
// its mark led in between.
func TestLeakLabelledContext(t *testing.T) {
	var ctx context.Context
	b := new(blob)
	gone := weak.Make(b)
	pprof.Do(ctxvar.NewContext(t.Context()), pprof.Labels("k", "v"), func(context.Context) {})
	outer := ctxvar.NewContext(t.Context())
	tok := blobVar.Set(b)
	pprof.Do(outer, pprof.Labels("k", "v"), func(labelled context.Context) { ctx = labelled })
	tok.Reset()
	b = nil
	requireCollected(t, gone)
	_, ok := ctxvar.FromContext(ctx)
	assert.True(t, ok)
}
