package trie_test

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/trie"
)

// requireEqual checks every way to read m against the model.
func requireEqual(t *testing.T, model map[uint32]int, m *trie.Map) {
	t.Helper()
	require.Equal(t, len(model), m.Len())
	got := map[uint32]int{}
	var keys []uint32
	m.All(func(key uint32, value any) bool {
		keys = append(keys, key)
		got[key] = value.(int)
		require.Equal(t, value, m.Get(key))
		return true
	})
	require.Equal(t, model, got)
	require.True(t, slices.IsSorted(keys), "All is in the order of the keys: %v", keys)
}

func TestZeroMap(t *testing.T) {
	var m trie.Map
	requireEqual(t, map[uint32]int{}, &m)
	require.Nil(t, m.Get(0))
	require.Nil(t, m.Get(1<<32-1))
	m = m.Without(7)
	requireEqual(t, map[uint32]int{}, &m)
}

// of returns a map that holds the keys. It was made with the keys in without too, which
// were removed.
func of(keys []uint32, without ...uint32) trie.Map {
	var m trie.Map
	for _, key := range append(slices.Clone(without), keys...) {
		m = m.With(key, int(key))
	}
	for _, key := range without {
		m = m.Without(key)
	}
	return m
}

// Copies are the same, and so are all empty maps.
func TestSame(t *testing.T) {
	empty, one, two := of(nil), of([]uint32{1}), of([]uint32{1, 2})
	emptied, again, copied := of(nil, 1), of([]uint32{1}), one
	require.True(t, empty.Same(&emptied))
	require.True(t, one.Same(&copied))
	require.False(t, one.Same(&again))
	require.False(t, one.Same(&two))
	require.False(t, one.Same(&empty))
	require.False(t, empty.Same(&one))
}

// A key that is larger than any in the map is not confused with another one.
func TestKeysPastTheRoot(t *testing.T) {
	flat, deep := of([]uint32{5}), of([]uint32{5, 40})
	require.Nil(t, flat.Get(5+1<<5))
	for shift := 10; shift < 32; shift++ {
		require.Nil(t, deep.Get(5+1<<shift), shift)
		require.Nil(t, deep.Get(40+1<<shift), shift)
		require.Equal(t, deep, deep.Without(5+1<<shift))
	}
}

// A map of one large key has nothing in the places of small ones.
func TestFirstKeyIsLarge(t *testing.T) {
	for _, key := range []uint32{31, 32, 1023, 1024, 1<<32 - 1} {
		require.Equal(t, of([]uint32{key}), of([]uint32{key}, 3, 2000), key)
	}
}

func TestBoundaries(t *testing.T) {
	tests := []struct {
		reason string
		keys   []uint32
	}{
		{"one node", []uint32{0, 31}},
		{"the first key that asks for a second level", []uint32{31, 32}},
		{"the last key of two levels, and the first of three", []uint32{1023, 1024}},
		{"a high key in an empty map grows it by several levels at once", []uint32{1 << 20}},
		{"the largest key", []uint32{1<<32 - 1, 0}},
		{"neighbours in one deep node", []uint32{1<<25 + 3, 1<<25 + 4, 1 << 25}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			var m trie.Map
			model := map[uint32]int{}
			for i, key := range tt.keys {
				m = m.With(key, i)
				model[key] = i
				requireEqual(t, model, &m)
			}
			for _, key := range tt.keys {
				m = m.Without(key)
				delete(model, key)
				requireEqual(t, model, &m)
			}
			require.Equal(t, trie.Map{}, m, "an emptied map is the zero map")
		})
	}
}

// Two maps with the same keys and values are also the same in memory, whatever the
// order of the updates.
func TestCanonical(t *testing.T) {
	var up, down trie.Map
	keys := []uint32{0, 5, 31, 32, 40, 1000, 1024, 70000}
	for _, key := range keys {
		up = up.With(key, int(key))
	}
	for _, key := range slices.Backward(keys) {
		down = down.With(key, int(key))
	}
	require.Equal(t, up, down)
	grown := up.With(1<<30, 1)
	require.Equal(t, up, grown.Without(1<<30))
}

// WithIn uses the room that it is given if it suffices, and otherwise leaves it alone.
func TestWithIn(t *testing.T) {
	var m trie.Map
	for key := range uint32(4) {
		room := make([]any, 3)
		var next trie.Map
		m.WithIn(&next, key, int(key), room)
		m = next
		require.Equal(t, int(key)+1, m.Width())
		if m.Width() <= len(room) {
			require.Equal(t, int(key), room[key])
		} else {
			require.Equal(t, make([]any, 3), room)
		}
	}
	requireEqual(t, map[uint32]int{0: 0, 1: 1, 2: 2, 3: 3}, &m)
}

func TestAllStops(t *testing.T) {
	var m trie.Map
	for key := range uint32(100) {
		m = m.With(key, int(key))
	}
	var seen []uint32
	m.All(func(key uint32, _ any) bool {
		seen = append(seen, key)
		return key < 40
	})
	require.Len(t, seen, 41)
}

// FuzzMap reads its input as operations and runs them on a Map and on a builtin map.
// Each version is kept and checked again at the end, because a version that changes
// later is the failure that matters most here.
func FuzzMap(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 32, 1, 128, 0, 33, 0})
	rng := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		seed := make([]byte, 3*200)
		for i := range seed {
			seed[i] = byte(rng.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		type version struct {
			m     trie.Map
			model map[uint32]int
		}
		versions := []version{{model: map[uint32]int{}}}
		for i := 0; len(ops) >= 3 && i < 400; i, ops = i+1, ops[3:] {
			from := versions[len(versions)-1]
			if ops[0]&0x40 != 0 {
				from = versions[int(ops[0]&0x3f)%len(versions)]
			}
			// Keys are near the sizes at which a level is full.
			key := uint32(binary.LittleEndian.Uint16(ops[1:]))
			switch key & 3 {
			case 0:
				key = key >> 2 % 34
			case 1:
				key = 1020 + key>>2%8
			case 2:
				key <<= 14
			}
			next := version{model: maps.Clone(from.model)}
			if ops[0]&0x80 == 0 {
				from.m.WithIn(&next.m, key, i, make([]any, i%5))
				next.model[key] = i
			} else {
				next.m = from.m.Without(key)
				delete(next.model, key)
			}
			versions = append(versions, next)
		}
		for _, v := range versions {
			requireEqual(t, v.model, &v.m)
		}
	})
}
