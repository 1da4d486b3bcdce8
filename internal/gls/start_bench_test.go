package gls_test

import (
	"testing"

	"github.com/heirloom-go/heirloom/internal/gls"
)

func BenchmarkStart(b *testing.B) {
	b.Run("learn", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			gls.Learn()
		}
	})
	b.Run("rehearse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			gls.Rehearse()
		}
	})
}
