package ctxvar_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// blob is a value that is large enough to be noticed when it leaks.
type blob [64 << 10]byte

var blobVar = ctxvar.New[*blob]("blob")

// requireCollected asserts that the garbage collector frees what p points to.
func requireCollected[T any](t *testing.T, p weak.Pointer[T]) {
	t.Helper()
	require.Zero(t, alive([]weak.Pointer[T]{p}), "still reachable")
}

// alive returns how many of ps still point to something after several garbage
// collections. One is enough for unreachable values; the others are for stacks and
// goroutines that are about to disappear.
func alive[T any](ps []weak.Pointer[T]) int {
	n := 0
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		runtime.GC()
		n = 0
		for _, p := range ps {
			if p.Value() != nil {
				n++
			}
		}
		if n == 0 {
			break
		}
	}
	return n
}

// The values of a goroutine that ends without Reset become garbage.
func TestLeakGoroutineThatEnds(t *testing.T) {
	const goroutines = 200
	var wg sync.WaitGroup
	gone := make([]weak.Pointer[blob], goroutines)
	for i := range goroutines {
		wg.Go(func() {
			b := new(blob)
			gone[i] = weak.Make(b)
			blobVar.Set(b)
		})
	}
	wg.Wait()
	assert.Zero(t, alive(gone), "blobs of %d", goroutines)
}

// The same within With, Run, a panic, and a child.
func TestLeakGoroutineThatEndsInside(t *testing.T) {
	for name, enter := range map[string]func(fn func()){
		"With":   func(fn func()) { blobVar.With(new(blob), fn) },
		"Run":    func(fn func()) { ctxvar.Copy().Run(fn) },
		"Detach": ctxvar.Detach,
		"panic": func(fn func()) {
			assert.Equal(t, "over", recovered(func() { fn(); panic("over") }))
		},
		"Goexit": func(fn func()) { fn(); runtime.Goexit() },
		"child":  func(fn func()) { assert.Nil(t, inGoroutine(fn)) },
	} {
		t.Run(name, func(t *testing.T) {
			const goroutines = 20
			var wg sync.WaitGroup
			gone := make([]weak.Pointer[blob], goroutines)
			for i := range goroutines {
				wg.Go(func() {
					enter(func() {
						b := new(blob)
						gone[i] = weak.Make(b)
						blobVar.Set(b)
					})
				})
			}
			wg.Wait()
			assert.Zero(t, alive(gone))
		})
	}
}

// Values that a goroutine no longer has, because of Set, Reset or With, are garbage
// although the goroutine goes on, and although it has other values from that time.
func TestLeakReplacedValues(t *testing.T) {
	for _, others := range []int{0, 100} {
		vars := ints(others)
		for i, v := range vars {
			v.Set(i)
		}
		var gone []weak.Pointer[blob]
		next := func() *blob {
			b := new(blob)
			gone = append(gone, weak.Make(b))
			return b
		}
		for i := range 50 {
			blobVar.Set(next())
			for _, v := range vars[max(0, others-i%4):] {
				v.Set(i)
			}
		}
		blobVar.Set(nil)
		func() {
			defer blobVar.Set(next()).Reset()
			blobVar.With(next(), func() { assert.NotNil(t, blobVar.Get()) })
		}()
		assert.Zero(t, alive(gone), "beside %d others", others)
		assert.Nil(t, blobVar.Get())
	}
}

// A child that lives on keeps its parent's values from the time of its start, and none
// of the later ones.
func TestLeakParentsLaterValues(t *testing.T) {
	release := make(chan struct{})
	var child sync.WaitGroup
	var before, after weak.Pointer[blob]
	assert.Nil(t, inGoroutine(func() {
		b := new(blob)
		before = weak.Make(b)
		blobVar.Set(b)
		child.Go(func() { <-release })
		b = new(blob)
		after = weak.Make(b)
		blobVar.Set(b)
	}))
	requireCollected(t, after)
	assert.NotNil(t, before.Value(), "the child inherited it")
	close(release)
	child.Wait()
	requireCollected(t, before)
}

// Detach is for a goroutine that should keep nothing.
func TestLeakDetachedChild(t *testing.T) {
	release := make(chan struct{})
	var child sync.WaitGroup
	var gone weak.Pointer[blob]
	assert.Nil(t, inGoroutine(func() {
		b := new(blob)
		gone = weak.Make(b)
		blobVar.Set(b)
		ctxvar.Detach(func() {
			child.Go(func() { <-release })
		})
	}))
	requireCollected(t, gone)
	close(release)
	child.Wait()
}

// A Context keeps its values for as long as it is kept, and no longer.
func TestLeakContext(t *testing.T) {
	c := ctxvar.Empty()
	var kept, replaced weak.Pointer[blob]
	c.Run(func() {
		b := new(blob)
		replaced = weak.Make(b)
		blobVar.Set(b)
		b = new(blob)
		kept = weak.Make(b)
		blobVar.Set(b)
	})
	requireCollected(t, replaced)
	require.NotNil(t, kept.Value())
	got, ok := blobVar.In(c)
	require.True(t, ok)
	assert.Same(t, kept.Value(), got)
	runtime.KeepAlive(c)

	c, got = nil, nil
	requireCollected(t, kept)
}

// After running a Context, a goroutine keeps none of its values.
func TestLeakRunLeavesNothing(t *testing.T) {
	blobVar.Set(nil)
	var gone weak.Pointer[blob]
	ctxvar.Copy().Run(func() {
		b := new(blob)
		gone = weak.Make(b)
		blobVar.Set(b)
	})
	requireCollected(t, gone)
}

// A used token no longer keeps the value that it restored.
func TestLeakUsedToken(t *testing.T) {
	b := new(blob)
	old := weak.Make(b)
	blobVar.Set(b)
	b = nil
	tok := blobVar.Set(nil)
	tok.Reset()
	blobVar.Set(nil)
	runtime.GC()
	value, ok := tok.OldValue()
	assert.True(t, ok)
	assert.Same(t, old.Value(), value, "OldValue still answers after Reset, as in Python")
	runtime.KeepAlive(tok)
}

// An unreachable variable is garbage too.
func TestLeakVariable(t *testing.T) {
	gone := func() weak.Pointer[ctxvar.Var[int]] {
		v := ctxvar.New[int]("short-lived")
		var p weak.Pointer[ctxvar.Var[int]]
		assert.Nil(t, inGoroutine(func() { v.Set(1); p = weak.Make(v) }))
		return p
	}()
	requireCollected(t, gone)
}

// A goroutine that a task has started without variables does not keep the variables
// with which the task began.
func TestLeakDetachedInATask(t *testing.T) {
	for name, leave := range map[string]func(fn func()){
		"Detach":   ctxvar.Detach,
		"Set(nil)": func(fn func()) { blobVar.Set(nil); fn() },
	} {
		t.Run(name, func(t *testing.T) {
			stop, stopped := make(chan struct{}), make(chan struct{})
			b := new(blob)
			gone := weak.Make(b)
			blobVar.With(b, func() {
				_, err := task.Run(t.Context(), func(context.Context) (int, error) {
					leave(func() {
						go func() {
							defer close(stopped)
							<-stop
						}()
					})
					return 0, nil
				})
				require.NoError(t, err)
			})
			b = nil
			requireCollected(t, gone)
			close(stop)
			<-stopped
		})
	}
}

// A used token keeps neither the values of other variables nor the Context in which it
// was made.
func TestLeakTokenUsedInARun(t *testing.T) {
	var tok *ctxvar.Token[string]
	var gone [2]weak.Pointer[blob]
	func() {
		first, second := new(blob), new(blob)
		gone = [...]weak.Pointer[blob]{weak.Make(first), weak.Make(second)}
		blobVar.With(first, func() {
			ctxvar.Copy().Run(func() {
				tok = tenant.Set("x")
				tok.Reset()
				blobVar.Set(second)
			})
		})
	}()
	assert.Zero(t, alive(gone[:]))
	assert.ErrorIs(t, recovered(tok.Reset).(error), ctxvar.ErrTokenUsed)
}
