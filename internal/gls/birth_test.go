package gls_test

import (
	"context"
	"runtime"
	"runtime/pprof"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// bear runs fn in a goroutine of its own with the scope s, which is new.
func bear(s *gls.Env, origin any, fn func()) {
	s.Bear(&origin)
	launch(s, func() {
		s.Begin()
		defer s.End()
		fn()
	})
}

// launch runs fn in a goroutine with s, and waits for its end.
func launch(s *gls.Env, fn func()) {
	done := make(chan struct{})
	before := gls.Peek()
	slot := s.Offer()
	go func() {
		defer close(done)
		fn()
	}()
	slot.Return()
	if gls.Peek() != before {
		panic("something is left in the slot")
	}
	<-done
}

func TestBirthBeginsWithTheVariablesOfItsMaker(t *testing.T) {
	onGoroutine(func() {
		setValue(1, "maker")
		var s gls.Env
		origin := any("task")
		s.Bear(&origin)
		setValue(1, "maker, later")
		assert.Equal(t, "maker", valueIn(s.Frame(), 1), "the copy is taken by Bear")
		launch(&s, func() {
			s.Begin()
			assert.Equal(t, "maker", value(1))
			change := setValue(1, "child")
			assert.Equal(t, "child", valueIn(s.Frame(), 1), "the scope sees what its goroutine sets")
			assert.True(t, change.Undo(1))
			assert.Equal(t, "maker", valueIn(s.Frame(), 1))
			setValue(1, "child, finally")
			assert.False(t, s.Run(func() {}), "it is running here")
			s.End()
			assert.False(t, s.BegunHere())
			if gls.Mode == "default" {
				foreign()
				assert.Nil(t, value(1), "it keeps nothing")
			}
			setValue(1, "after the end")
			assert.Equal(t, "after the end", value(1))
		})
		assert.Equal(t, "child, finally", valueIn(s.Frame(), 1))
		assert.Equal(t, "maker, later", value(1))
		assert.True(t, s.Run(func() { assert.Equal(t, "child, finally", value(1)) }))
	})
}

func TestOriginIsInherited(t *testing.T) {
	require.Nil(t, gls.Origin())
	var s gls.Env
	release, checked := make(chan struct{}), make(chan struct{})
	bear(&s, "task", func() {
		is := func(want string) {
			if o := gls.Origin(); assert.NotNil(t, o, want) {
				assert.Equal(t, want, *o)
			}
		}
		is("task")
		assert.True(t, s.BegunHere())
		setValue(1, "x")
		is("task")
		onGoroutine(func() {
			is("task")
			assert.False(t, s.BegunHere())
			setValue(1, "y")
			is("task")
			onGoroutine(func() { is("task") })
		})
		var run gls.Env
		run.Run(func() { setValue(1, "in a run"); is("task") })
		pprof.Do(carrier{context.Background()}, pprof.Labels("a", "b"), func(ctx context.Context) {
			setValue(3, "in Do")
			is("task")
			pprof.Do(ctx, pprof.Labels("c", "d"), func(context.Context) { is("task") })
		})
		is("task")
		var inner gls.Env
		bear(&inner, "inner task", func() { is("inner task"); assert.False(t, s.BegunHere()) })
		is("task")
		began := make(chan struct{})
		defer func() { <-began }()
		go func() {
			defer close(checked)
			is("task")
			setValue(4, "outlives the task")
			close(began)
			<-release
			assert.Nil(t, gls.Origin(), "the task has ended")
			assert.Equal(t, "outlives the task", value(4))
		}()
	})
	assert.False(t, s.BegunHere())
	close(release)
	<-checked
	assert.Nil(t, gls.Origin())
}

// carrier is a context of the kind that packages above make.
type carrier struct{ context.Context }

func (c carrier) Value(key any) any {
	if gls.PprofKey(key) {
		return gls.Answer(c.Context.Value(key))
	}
	return c.Context.Value(key)
}

// A goroutine that goes on with inherited variables must not keep their origin alive:
// that is the task, with its result.
func TestEndLetsGoOfTheOrigin(t *testing.T) {
	release, ended := make(chan struct{}), make(chan struct{})
	var gone weak.Pointer[[1 << 10]byte]
	func() {
		origin := new([1 << 10]byte)
		gone = weak.Make(origin)
		var s gls.Env
		bear(&s, origin, func() {
			go func() {
				defer close(ended)
				<-release
			}()
		})
	}()
	for range 10 {
		runtime.GC()
	}
	assert.Nil(t, gone.Value())
	close(release)
	<-ended
}
