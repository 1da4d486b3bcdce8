package trie_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/heirloom-go/heirloom/internal/trie"
)

var sizes = []int{1, 10, 100, 1000}

func mapOf(n int) *trie.Map {
	m := new(trie.Map)
	for key := range uint32(n) {
		m = with(m, key, int(key))
	}
	return m
}

func builtinOf(n int) map[uint32]any {
	m := map[uint32]any{}
	for key := range uint32(n) {
		m[key] = int(key)
	}
	return m
}

func BenchmarkGet(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("trie/%d", n), func(b *testing.B) {
			m := mapOf(n)
			for key := uint32(0); b.Loop(); key++ {
				m.Get(key % uint32(n))
			}
		})
		b.Run(fmt.Sprintf("builtin/%d", n), func(b *testing.B) {
			m := builtinOf(n)
			for key := uint32(0); b.Loop(); key++ {
				_ = m[key%uint32(n)]
			}
		})
	}
}

// The builtin map has to be cloned to be persistent.
func BenchmarkWith(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("trie/%d", n), func(b *testing.B) {
			m := mapOf(n)
			b.ReportAllocs()
			for key := uint32(0); b.Loop(); key++ {
				with(m, key%uint32(n), 1)
			}
		})
		b.Run(fmt.Sprintf("builtin/%d", n), func(b *testing.B) {
			m := builtinOf(n)
			value := any(1)
			b.ReportAllocs()
			for key := uint32(0); b.Loop(); key++ {
				c := maps.Clone(m)
				c[key%uint32(n)] = value
			}
		})
	}
}
