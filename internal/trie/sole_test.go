package trie_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/trie"
)

// What decides whether a binding can be part of its map.
func TestAloneAndDeep(t *testing.T) {
	behind := upTo(50)
	for _, key := range behind.Front() {
		behind = behind.Without(key) // so that nothing is in its front
	}
	for _, tc := range []struct {
		name        string
		m           *trie.Map
		key         uint32
		alone, deep bool
	}{
		{"nothing, and a low key", of(nil), 0, true, false},
		{"nothing, and the highest key of a flat map", of(nil), 31, true, false},
		{"nothing, and a high key", of(nil), 32, false, true},
		{"the same key", of([]uint32{3}), 3, true, false},
		{"another one", of([]uint32{3}), 5, false, false},
		{"a high key beside a low one", of([]uint32{3}), 35, false, true},
		{"one of two", of([]uint32{3, 5}), 3, false, false},
		{"a low key beside a high one", of([]uint32{40}), 8, false, true},
		{"the same high key", of([]uint32{40}), 40, false, true},
		{"an empty front", behind, 3, false, true},
	} {
		require.Equal(t, tc.alone, tc.m.Alone(tc.key), tc.name)
		require.Equal(t, tc.deep, tc.m.Deep(tc.key), tc.name)
	}
}
