package gls_test

import (
	"testing"
	"unsafe"

	"github.com/heirloom-go/heirloom/internal/gls"
)

var sinkFrame *gls.Frame

func BenchmarkRecall(b *testing.B) {
	b.Run("goroutine", func(b *testing.B) {
		for b.Loop() {
			gls.Goroutine()
		}
	})
	b.Run("nothing", func(b *testing.B) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			var p unsafe.Pointer
			for b.Loop() {
				sinkFrame = gls.Recall(p)
			}
		}()
		<-done
	})
}
