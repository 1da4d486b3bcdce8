package trie_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/trie"
)

// These tests are of the trie alone. Those of a map are in map_test.go.

// trieOf returns a trie that holds the keys, and had all of without besides.
func trieOf(keys []uint32, without ...uint32) *trie.Trie {
	n := trie.Empty
	for _, key := range append(slices.Clone(without), keys...) {
		n = n.With(key, bound(key, int(key)))
	}
	for _, key := range without {
		n = n.Without(key)
	}
	return n
}

// A trie of one large key has nothing where the small ones would be.
func TestFirstKeyIsLarge(t *testing.T) {
	for _, key := range []uint32{31, 32, 1023, 1024, 1<<32 - 1} {
		require.Equal(t, trie.Shape(trieOf([]uint32{key})), trie.Shape(trieOf([]uint32{key}, 3, 2000)), key)
	}
}

func TestBoundaries(t *testing.T) {
	for _, tt := range boundaries {
		t.Run(tt.reason, func(t *testing.T) {
			n := trie.Empty
			for i, key := range tt.keys {
				n = n.With(key, bound(key, i))
				require.Equal(t, sorted(tt.keys[:i+1]), keysOf(n))
			}
			for i, key := range tt.keys {
				n = n.Without(key)
				require.Equal(t, sorted(tt.keys[i+1:]), keysOf(n))
			}
			require.Equal(t, trie.Shape(trie.Empty), trie.Shape(n))
		})
	}
}

// boundaries are the places where a trie changes its height.
var boundaries = []struct {
	reason string
	keys   []uint32
}{
	{"one node", []uint32{0, 31}},
	{"the first key that asks for a second level", []uint32{31, 32}},
	{"the last key of two levels, and the first of three", []uint32{1023, 1024}},
	{"a high key in an empty trie grows it by several levels at once", []uint32{1 << 20}},
	{"the largest key", []uint32{1<<32 - 1, 0}},
	{"neighbours in one deep node", []uint32{1<<25 + 3, 1<<25 + 4, 1 << 25}},
}

func sorted(keys []uint32) []uint32 { return slices.Sorted(slices.Values(keys)) }

func keysOf(n *trie.Trie) (keys []uint32) {
	n.All(func(key uint32, b *trie.Binding) bool {
		if b.Key.ID != key {
			panic("a binding under another key")
		}
		keys = append(keys, key)
		return true
	})
	return keys
}

// Two tries with the same keys have the same shape, whatever order made them so.
func TestCanonical(t *testing.T) {
	keys := []uint32{0, 5, 31, 32, 40, 1000, 1024, 70000}
	up := trieOf(keys)
	slices.Reverse(keys)
	require.Equal(t, trie.Shape(up), trie.Shape(trieOf(keys)))
	grown := up.With(1<<30, bound(1<<30, 1))
	require.Equal(t, trie.Shape(up), trie.Shape(grown.Without(1<<30)))
}

// The versions of before an update stay as they were.
func TestTrieIsPersistent(t *testing.T) {
	var versions []*trie.Trie
	var keys [][]uint32
	n, have := trie.Empty, []uint32(nil)
	for i := range uint32(200) {
		versions, keys = append(versions, n), append(keys, sorted(have))
		key := i * 37 % 150 * 20
		if at := slices.Index(have, key); at >= 0 {
			n, have = n.Without(key), slices.Delete(slices.Clone(have), at, at+1)
		} else {
			n, have = n.With(key, bound(key, 0)), append(slices.Clone(have), key)
		}
	}
	for i, n := range versions {
		require.Equal(t, keys[i], keysOf(n), i)
	}
}
