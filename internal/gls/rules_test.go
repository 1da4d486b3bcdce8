package gls_test

import (
	"context"
	"runtime"
	"runtime/pprof"
	"testing"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// labelK returns the running goroutine's label k.
func labelK() string {
	v, _ := pprof.Label(pprof.WithLabels(labelsOfGoroutine(), pprof.LabelSet{}), "k")
	return v
}

func labelWith(v string) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", v)))
}

// Each of these makes a goroutine that has inherited begin: after it, labels take
// nothing away.
func TestWhatBegins(t *testing.T) {
	for name, begin := range map[string]func(){
		"Set and Undo": func() { c := setValue(2, "x"); c.Undo(2) },
		"Run":          func() { new(gls.Env).Run(func() {}) },
		"Bear": func() {
			var e gls.Env
			e.Bear(new(any))
			e.End()
		},
		"Carry":  func() { gls.Carry() },
		"Save":   func() { gls.Save() },
		"Answer": func() { gls.Answer(nil) },
	} {
		onGoroutine(func() {
			setValue(1, "inherited")
			onGoroutine(func() {
				begin()
				foreign()
				assert.Equal(t, "inherited", value(1), name)
				onGoroutine(func() { assert.Equal(t, "inherited", value(1), "%s, a child", name) })
				pprof.SetGoroutineLabels(context.Background())
				assert.Equal(t, "inherited", value(1), name)
				onGoroutine(func() { assert.Equal(t, "inherited", value(1), "%s, another child", name) })
			})
			saved := gls.Save()
			onGoroutine(func() {
				setValue(1, "own")
				saved.Restore()
				foreign()
				assert.Equal(t, "inherited", value(1), "restored")
			})
			var e gls.Env
			bear(&e, nil, func() {
				foreign()
				assert.Equal(t, "inherited", value(1), "born")
			})
		})
	}
}

// A goroutine that has not begun, and has labels of other code, is lost, and so are the
// variables that it passes on, except within work that begins with it.
func TestLost(t *testing.T) {
	if gls.Mode == "exact" {
		t.Skip("nothing is ever lost")
	}
	onGoroutine(func() {
		gls.Save()
		foreign()
		assert.Nil(t, value(1))
		assert.False(t, gls.MayBeLost(), "it has begun with nothing")
	})
	onGoroutine(func() {
		foreign()
		before := gls.LostCount()
		assert.Nil(t, value(1))
		assert.Nil(t, value(1))
		assert.True(t, gls.MayBeLost())
		assert.Equal(t, before+1, gls.LostCount())
		assert.Equal(t, "v", labelK(), "its labels stay as they are")
		onGoroutine(func() { assert.True(t, gls.MayBeLost(), "a child") })
		pprof.SetGoroutineLabels(context.Background())
		assert.True(t, gls.MayBeLost(), "its labels were removed")
		onGoroutine(func() { assert.True(t, gls.MayBeLost(), "a child without labels") })
		labelWith("w")
		assert.True(t, gls.MayBeLost(), "it has other labels")
		onGoroutine(func() { assert.True(t, gls.MayBeLost(), "a child with these") })
		assert.Equal(t, before+1, gls.LostCount(), "its children have it from their parent")
		assert.Equal(t, "w", labelK())
		setValue(1, "x")
		assert.True(t, gls.MayBeLost(), "it may have had others")
		onGoroutine(func() {
			assert.True(t, gls.MayBeLost())
			setValue(1, "y")
			assert.True(t, gls.MayBeLost(), "a child that has set one")
		})
		var e, work gls.Env
		bear(&e, nil, func() { assert.True(t, gls.MayBeLost(), "born") })
		work.Hold(gls.Current())
		work.RunWork(func() { assert.False(t, gls.MayBeLost(), "a work") })
		assert.Equal(t, before+1, gls.LostCount())
	})
}

// Labels stay as the user has set them, whatever happens to the variables.
func TestLabelsStay(t *testing.T) {
	onGoroutine(func() {
		c := setValue(1, "x")
		labelWith("a")
		assert.Equal(t, "x", value(1))
		setValue(2, "y")
		assert.Equal(t, "a", labelK(), "Set")
		labelWith("b")
		assert.Equal(t, "x", value(1))
		assert.Equal(t, "b", labelK())
		var e gls.Env
		e.Run(func() { labelWith("c") })
		assert.Equal(t, "c", labelK(), "the end of a run")
		bear(new(gls.Env), nil, func() { assert.Equal(t, "c", labelK(), "born") })
		c.Undo(1)
		c = setValue(1, "z")
		labelWith("d")
		c.Undo(1)
		assert.Equal(t, "d", labelK(), "Undo")
	})
}

// A child that has found its variables by a mark has begun.
func TestFoundByMark(t *testing.T) {
	if gls.Mode == "exact" {
		t.Skip("there are none")
	}
	onGoroutine(func() {
		setValue(1, "parent")
		gls.SetSlot(gls.LabelValue(gls.Answer(nil)))
		onGoroutine(func() {
			assert.Equal(t, "parent", value(1))
			foreign()
			assert.Equal(t, "parent", value(1))
		})
		labelled := pprof.WithLabels(context.Background(), pprof.Labels("k", "v")).Value(gls.PprofKeyValue)
		answer := gls.Answer(labelled)
		assert.Same(t, answer, gls.Answer(answer), "it is marked already")
	})
}

// A label set may look like a part of a frame, or of a mark, without being one.
func TestLookalikes(t *testing.T) {
	if gls.Mode == "exact" {
		t.Skip("only frames are in the slot")
	}
	type set struct {
		data     unsafe.Pointer
		len, cap int
	}
	onGoroutine(func() {
		labelWith("v")
		setValue(1, "x")
		assert.Same(t, gls.Current(), gls.FrameIn(gls.Slot()))
		assert.Nil(t, gls.FrameIn(nil))
		moved := *(*set)(gls.Slot())
		assert.Nil(t, gls.FrameIn(unsafe.Pointer(&moved)), "a copy of 24 bytes is not a frame")
		marked := *(*set)(gls.LabelValue(gls.Answer(nil)))
		marked.len = 0
		gls.SetSlot(unsafe.Pointer(&marked))
		assert.Equal(t, "x", value(1))
		assert.Empty(t, labelK())
	})
}

// A goroutine started in a run does not keep alive what the run sets later.
func TestClosedHomeKeepsNothing(t *testing.T) {
	type big [1 << 16]byte
	var gone weak.Pointer[big]
	stop, ended := make(chan struct{}), make(chan struct{})
	onGoroutine(func() {
		new(gls.Env).Run(func() {
			setValue(2, "x")
			go func() {
				defer close(ended)
				<-stop
			}()
			b := new(big)
			gone = weak.Make(b)
			setValue(1, b)
		})
	})
	for range 10 {
		runtime.GC()
		runtime.Gosched()
	}
	assert.Nil(t, gone.Value())
	close(stop)
	<-ended
}

// If a later run of an environment undoes what an earlier one did, that is a change of
// the later one.
func TestUndoInALaterRun(t *testing.T) {
	onGoroutine(func() {
		var e, o gls.Env
		var c gls.Change
		e.Run(func() { c = setValue(1, "x") })
		e.Run(func() {
			assert.True(t, c.Undo(1))
			setValue(2, "y")
			assert.True(t, e.RunningHere())
			o.Run(func() { assert.False(t, e.RunningHere(), "further in") })
		})
		assert.Equal(t, "y", valueIn(e.Frame(), 2))
		assert.Nil(t, valueIn(e.Frame(), 1))
	})
}

// After variables were given back, the right to undo does not return.
func TestRestoreOfOnesOwn(t *testing.T) {
	onGoroutine(func() {
		saved := gls.Save()
		onGoroutine(func() {
			stale := setValue(1, "first job")
			own := gls.Save()
			saved.Restore()
			own.Restore()
			assert.Equal(t, "first job", value(1))
			assert.False(t, stale.Undo(1))
		})
	})
}

// Something that belongs to a piece of work is inside it until the work is over.
func TestStay(t *testing.T) {
	onGoroutine(func() {
		own := gls.StayHere()
		assert.Equal(t, gls.Within, own.Of(gls.Current()))
		onGoroutine(func() { assert.Equal(t, gls.Elsewhere, own.Of(gls.Current()), "no work, another goroutine") })
		var stay gls.Stay
		var frame *gls.Frame
		new(gls.Env).RunWork(func() {
			stay = gls.StayHere()
			assert.Equal(t, gls.Elsewhere, own.Of(gls.Current()))
			onGoroutine(func() {
				setValue(1, "x")
				assert.Equal(t, gls.Within, stay.Of(gls.Current()), "a child that has set one")
			})
			bear(new(gls.Env), nil, func() { assert.Equal(t, gls.Within, stay.Of(gls.Current()), "born") })
			frame = gls.Current()
		})
		assert.Equal(t, gls.Over, stay.Of(frame))
		assert.Equal(t, gls.Elsewhere, stay.Of(gls.Current()))
	})
}

// The goroutine's variables are newer than its own snapshots and, within a work, than
// everything else. Otherwise the snapshot counts.
func TestCounting(t *testing.T) {
	defer func(c gls.Change) { c.Undo(1) }(setValue(1, "old"))
	onGoroutine(func() {
		carried := gls.Carry() // the variables that it has inherited
		var e gls.Env
		e.HoldHere()
		setValue(1, "new")
		for name, ctx := range map[string]context.Context{
			"Carried": carrying{context.Background(), &carried},
			"Env":     carrying{context.Background(), &e},
		} {
			counts := func() any { return valueIn(gls.Counting(ctx), 1) }
			assert.Equal(t, "new", counts(), name)
			onGoroutine(func() {
				setValue(1, "another's")
				assert.Equal(t, "old", counts(), name)
			})
		}
		var born gls.Env
		bear(&born, nil, func() {
			new(gls.Env).Run(func() {
				setValue(1, "further in")
				assert.Equal(t, "further in", valueIn(gls.Counting(carrying{context.Background(), &born}), 1))
			})
		})
		new(gls.Env).RunWork(func() {
			carried := gls.Carry()
			onGoroutine(func() {
				setValue(1, "child")
				assert.Equal(t, "child", valueIn(gls.Counting(carrying{context.Background(), &carried}), 1))
			})
		})
	})
}
