package gls_test

import (
	"context"
	"runtime"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// inGoroutine calls f in a goroutine that inherits nothing, and waits for it.
func inGoroutine(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func TestIsolate(t *testing.T) {
	tests := []struct {
		reason string
		set    func() // what the goroutine does first
		want   any    // what it has then
	}{
		{"nothing set, nothing inherited", func() {}, nil},
		{"a value of its own", func() { gls.Set(1, "own") }, "own"},
		{"labels and no value", func() {
			pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", "v")))
		}, nil},
	}
	ends := map[string]func(){
		"return": func() {},
		"panic":  func() { panic("end") },
		"Goexit": runtime.Goexit,
	}
	for _, tt := range tests {
		for name, end := range ends {
			t.Run(tt.reason+"/"+name, func(t *testing.T) {
				inGoroutine(func() {
					tt.set()
					before := gls.Slot()
					inside := false
					defer func() {
						_ = recover()
						require.True(t, inside)
						require.Equal(t, tt.want, gls.Get(1))
						require.Equal(t, before, gls.Slot(), "the very frame is back")
					}()
					gls.Isolate(func() {
						require.Equal(t, tt.want, gls.Get(1))
						gls.Set(1, "inside")
						require.Equal(t, "inside", gls.Get(1))
						inside = true
						end()
					})
				})
			})
		}
	}
}

// A worker that inherits its values calls one job after another: each starts
// from the same, and what one did can't be undone in another.
func TestIsolateJobs(t *testing.T) {
	gls.Set(1, "inherited")
	defer gls.SetSlot(nil)
	inGoroutine(func() {
		var first gls.Change
		gls.Isolate(func() { first = gls.Set(1, "first job") })
		require.False(t, first.Undo(1), "a change is undone outside of its job")
		gls.Isolate(func() {
			require.Equal(t, "inherited", gls.Get(1))
			require.False(t, first.Undo(1), "a change is undone in another job")
			second := gls.Set(1, "second job")
			require.True(t, second.Undo(1))
			require.Equal(t, "inherited", gls.Get(1))
		})
	})
}

func TestIsolateKeepsLabels(t *testing.T) {
	inGoroutine(func() {
		gls.Set(1, "own")
		gls.Isolate(func() {
			gls.Set(1, "inside")
			// Not scoped: whoever called us wants the label to stay.
			pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", "v")))
		})
		require.Equal(t, "own", gls.Get(1))
		require.NotNil(t, gls.GoroutineLabels())
	})
}

func BenchmarkIsolate(b *testing.B) {
	fn := func() {}
	b.Run("call", func(b *testing.B) {
		for b.Loop() {
			fn()
		}
	})
	b.Run("isolated", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			gls.Isolate(fn)
		}
	})
}
