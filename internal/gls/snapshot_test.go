package gls_test

import (
	"context"
	"runtime/pprof"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// onGoroutine runs fn in a goroutine of its own and waits for it.
func onGoroutine(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// keyOf returns the one Key with that ID.
func keyOf(id uint32) *gls.Key {
	if key, ok := keys.Load(id); ok {
		return key.(*gls.Key)
	}
	made := gls.KeyOf[any](id, nil)
	key, _ := keys.LoadOrStore(id, &made)
	return key.(*gls.Key)
}

var keys sync.Map

// setValue sets key to value, of any type.
func setValue(key uint32, value any) gls.Change {
	b := &gls.Bound[any]{Value: value}
	b.Key = keyOf(key)
	return gls.Current().Set(key, &b.Binding, nil)
}

// valueIn returns what f, which may be nil, has for key, or nil.
func valueIn(f *gls.Frame, key uint32) any {
	if b := f.Values().Get(key); b != nil {
		return gls.As[any](b).Value
	}
	return nil
}

func value(key uint32) any { return valueIn(gls.Current(), key) }

func TestRestoreGivesWhatWasSaved(t *testing.T) {
	onGoroutine(func() {
		setValue(1, "caller")
		saved := gls.Save()
		onGoroutine(func() {
			setValue(1, "first job")
			setValue(2, "first job")
			saved.Restore()
			assert.Equal(t, "caller", value(1))
			assert.Nil(t, value(2))

			setValue(1, "second job")
			assert.Equal(t, "second job", value(1))
		})
		assert.Equal(t, "caller", value(1), "the goroutine that saved is not affected")
	})
}

// What was saved once and what is saved again is the same, and each time what
// counts now.
func TestSaveAgain(t *testing.T) {
	onGoroutine(func() {
		first := gls.Save()
		assert.Equal(t, first, gls.SaveAgain(), "nothing")
		setValue(1, "a")
		assert.Equal(t, gls.Save(), gls.SaveAgain())
		pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("who", "a")))
		again := gls.SaveAgain()
		assert.Equal(t, again, gls.Save(), "labels took the place of the variables")
		pprof.SetGoroutineLabels(context.Background())
		assert.NotEqual(t, again, gls.SaveAgain())
		setValue(1, "b")
		onGoroutine(func() {
			again.Restore()
			assert.Equal(t, "a", value(1))
			assert.Equal(t, again, gls.SaveAgain())
		})
	})
}

func TestRestoreOfNothing(t *testing.T) {
	onGoroutine(func() {
		saved := gls.Save()
		setValue(1, "x")
		saved.Restore()
		assert.Nil(t, value(1))
		saved.Restore()
		assert.Nil(t, value(1))
	})
}

func TestRestoreGivesLabels(t *testing.T) {
	onGoroutine(func() {
		pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("who", "caller")))
		saved := gls.Save()
		onGoroutine(func() {
			pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("who", "job")))
			setValue(1, "job")
			saved.Restore()
			assert.Nil(t, value(1))
			labels := pprof.WithLabels(labelsOfGoroutine(), pprof.LabelSet{})
			who, _ := pprof.Label(labels, "who")
			assert.Equal(t, "caller", who)
		})
	})
}

// labelsOfGoroutine returns a context that has the running goroutine's labels.
func labelsOfGoroutine() context.Context { return goroutineLabels{context.Background()} }

type goroutineLabels struct{ context.Context }

func (g goroutineLabels) Value(key any) any {
	if gls.PprofKey(key) {
		return gls.GoroutineLabels()
	}
	return g.Context.Value(key)
}

func TestRestoreEndsTheRightToUndo(t *testing.T) {
	for _, set := range []bool{false, true} {
		onGoroutine(func() {
			if set {
				setValue(1, "caller")
			}
			saved := gls.Save()
			onGoroutine(func() {
				stale := setValue(1, "first job")
				saved.Restore()
				assert.False(t, stale.Undo(1), "nothing was set since, set before: %t", set)

				fresh := setValue(1, "second job")
				assert.False(t, stale.Undo(1), "something was set since, set before: %t", set)
				assert.Equal(t, "second job", value(1))
				assert.True(t, fresh.Undo(1))
			})
		})
	}
}

// The goroutine that called Save may also call Restore, and keeps the right to go on
// where it was.
func TestRestoreWhereSaved(t *testing.T) {
	onGoroutine(func() {
		before := setValue(1, "a")
		saved := gls.Save()
		setValue(1, "b")
		saved.Restore()
		assert.Equal(t, "a", value(1))
		assert.True(t, before.Undo(1))
		assert.Nil(t, value(1))
	})
}

// carrying is a context that carries variables.
type carrying struct {
	context.Context
	carrier gls.Carrier
}

func (c carrying) Value(key any) any {
	if key == (gls.CarrierKey{}) {
		return c.carrier
	}
	return c.Context.Value(key)
}

// What a job sets is newer than what its ctx carries. What another goroutine in the
// same g sets later, or the same goroutine after the job, is not.
func TestEnterIsForTheJob(t *testing.T) {
	onGoroutine(func() {
		setValue(1, "caller")
		saved, carried := gls.Save(), gls.Carry()
		counting := func() any {
			return valueIn(gls.Counting(carrying{context.Background(), &carried}), 1)
		}
		for range 500 {
			onGoroutine(func() {
				setValue(1, "own")
				assert.Equal(t, "caller", counting(), "it does no job")
				saved.Enter(&carried)
				setValue(1, "job")
				assert.Equal(t, "job", counting())
			})
		}
		onGoroutine(func() {
			saved.Enter(&carried)
			setValue(1, "job")
			gls.Forget()
			assert.Equal(t, "caller", counting(), "it is done")
		})
	})
}

func BenchmarkRestore(b *testing.B) {
	onGoroutine(func() {
		setValue(1, "caller")
		saved := gls.Save()
		onGoroutine(func() {
			b.Run("unchanged", func(b *testing.B) {
				for b.Loop() {
					saved.Restore()
				}
			})
			b.Run("Set+Restore", func(b *testing.B) {
				for b.Loop() {
					setValue(1, "job")
					saved.Restore()
				}
			})
		})
	})
}
