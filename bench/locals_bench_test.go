package bench_test

import (
	"context"
	"testing"
)

// The benchmarks measure Get, Set and a goroutine that inherits, each in the way that the
// package recommends. Their baseline is a value that is passed by hand, in a context or
// as an argument.

type contextKey struct{}

// sum keeps the compiler from removing what is measured.
var sum int

func BenchmarkLocalsGet(b *testing.B) {
	b.Run("context.Value", func(b *testing.B) {
		ctx := context.WithValue(b.Context(), contextKey{}, 1)
		// Called through a variable, like the functions of the packages.
		get := func() int {
			n, _ := ctx.Value(contextKey{}).(int)
			return n
		}
		measure(b, func() {
			for b.Loop() {
				sum += get()
			}
		})
	})
	for _, l := range rotated(localsPeers) {
		b.Run(l.name, func(b *testing.B) {
			measure(b, func() {
				l.with(1, func() {
					for b.Loop() {
						sum += l.get()
					}
				})
			})
		})
	}
}

func BenchmarkLocalsSet(b *testing.B) {
	b.Run("context.WithValue", func(b *testing.B) {
		measure(b, func() {
			i := 0
			for b.Loop() {
				i++
				_ = context.WithValue(b.Context(), contextKey{}, i)
			}
		})
	})
	for _, l := range rotated(localsPeers) {
		b.Run(l.name, func(b *testing.B) {
			set := l.set
			if set == nil {
				set = func(v int) { l.with(v, func() {}) }
			}
			measure(b, func() {
				l.with(1, func() {
					i := 0
					for b.Loop() {
						i++
						set(i)
					}
				})
			})
		})
	}
}

func BenchmarkLocalsSpawn(b *testing.B) {
	done := make(chan int)
	b.Run("go-with-an-argument", func(b *testing.B) {
		measure(b, func() {
			for b.Loop() {
				go func(v int) { done <- v }(1)
				sum += <-done
			}
		})
	})
	for _, l := range rotated(localsPeers) {
		b.Run(l.name, func(b *testing.B) {
			measure(b, func() {
				l.with(1, func() {
					for b.Loop() {
						l.spawn(func() { done <- l.get() })
						sum += <-done
					}
				})
			})
		})
	}
}
