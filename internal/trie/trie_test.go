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

// with returns a map that holds value for key, and what m holds for every other
// key.
func with(m *trie.Map, key uint32, value int) *trie.Map {
	b := &trie.Bound[int]{Value: value}
	next := trie.New(m.SlotsWith(key))
	before := m.Get(key)
	if old := m.With(next, key, &b.Binding); old != before {
		panic("With returns another binding than Get")
	}
	return next
}

// requireEqual checks every way to read m against the model.
func requireEqual(t *testing.T, model map[uint32]int, m *trie.Map) {
	t.Helper()
	require.Equal(t, len(model), m.Len())
	got := map[uint32]int{}
	var keys []uint32
	m.All(func(key uint32, b *trie.Binding) bool {
		keys = append(keys, key)
		got[key] = trie.As[int](b).Value
		require.Same(t, b, m.Get(key))
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
	requireEqual(t, map[uint32]int{}, m.Without(7))
}

// of returns a map that holds the keys, and had all of without besides.
func of(keys []uint32, without ...uint32) *trie.Map {
	m := new(trie.Map)
	for _, key := range append(slices.Clone(without), keys...) {
		m = with(m, key, int(key))
	}
	for _, key := range without {
		m = m.Without(key)
	}
	return m
}

// Maps are the same if they hold the very same bindings, and so are all empty
// maps.
func TestSame(t *testing.T) {
	empty, one, two := of(nil), of([]uint32{1}), of([]uint32{1, 2})
	emptied, again, copied := of(nil, 1), of([]uint32{1}), trie.New(1)
	one.Copy(copied)
	require.True(t, empty.Same(emptied))
	require.True(t, one.Same(copied))
	require.True(t, two.Without(2).Same(two.Without(2)))
	require.False(t, one.Same(again))
	require.False(t, one.Same(two))
	require.False(t, one.Same(empty))
	require.False(t, empty.Same(one))
	require.False(t, of([]uint32{0}).Same(of([]uint32{32})))
}

// A key that is larger than any in the map is not taken for another one.
func TestKeysPastTheRoot(t *testing.T) {
	flat, deep := of([]uint32{5}), of([]uint32{5, 40})
	require.Nil(t, flat.Get(5+1<<5))
	for shift := 10; shift < 32; shift++ {
		require.Nil(t, deep.Get(5+1<<shift), shift)
		require.Nil(t, deep.Get(40+1<<shift), shift)
		require.Same(t, deep, deep.Without(5+1<<shift))
	}
}

// A map of one large key has nothing where the small ones would be.
func TestFirstKeyIsLarge(t *testing.T) {
	for _, key := range []uint32{31, 32, 1023, 1024, 1<<32 - 1} {
		require.Equal(t, trie.Shape(of([]uint32{key})), trie.Shape(of([]uint32{key}, 3, 2000)), key)
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
			m := new(trie.Map)
			model := map[uint32]int{}
			for i, key := range tt.keys {
				m = with(m, key, i)
				model[key] = i
				requireEqual(t, model, m)
			}
			for _, key := range tt.keys {
				m = m.Without(key)
				delete(model, key)
				requireEqual(t, model, m)
			}
			require.Equal(t, trie.Map{}, *m, "an emptied map is the zero map")
		})
	}
}

// Two maps with the same keys have the same shape, whatever order made them so.
func TestCanonical(t *testing.T) {
	up, down := new(trie.Map), new(trie.Map)
	keys := []uint32{0, 5, 31, 32, 40, 1000, 1024, 70000}
	for _, key := range keys {
		up = with(up, key, int(key))
	}
	for _, key := range slices.Backward(keys) {
		down = with(down, key, int(key))
	}
	require.Equal(t, trie.Shape(up), trie.Shape(down))
	grown := with(up, 1<<30, 1)
	require.Equal(t, trie.Shape(up), trie.Shape(grown.Without(1<<30)))
}

// Each number of slots has room for itself, and what is not copied is shared.
func TestSlots(t *testing.T) {
	m := new(trie.Map)
	for key := range uint32(32) {
		require.Equal(t, int(key)+1, m.SlotsWith(key))
		m = with(m, key, int(key))
		require.Equal(t, int(key)+1, m.Slots())
		require.Equal(t, int(key)+1, m.SlotsWith(key), "replaced")
		require.Equal(t, 2, m.SlotsWith(32), "one child for all, and one for the key")
		other := trie.New(m.Slots())
		m.Copy(other)
		require.True(t, m.Same(other))
		require.Same(t, m.Get(key), with(m, 40, 1).Get(key))
	}
}

func TestAllStops(t *testing.T) {
	m := new(trie.Map)
	for key := range uint32(100) {
		m = with(m, key, int(key))
	}
	var seen []uint32
	m.All(func(key uint32, _ *trie.Binding) bool {
		seen = append(seen, key)
		return key < 40
	})
	require.Len(t, seen, 41)
}

// FuzzMap reads its input as operations and runs them on a Map and on a builtin
// map. Each version is kept and checked again at the end, for a version that
// changes later is the failure that matters most here.
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
			m     *trie.Map
			model map[uint32]int
		}
		versions := []version{{new(trie.Map), map[uint32]int{}}}
		for i := 0; len(ops) >= 3 && i < 400; i, ops = i+1, ops[3:] {
			from := versions[len(versions)-1]
			if ops[0]&0x40 != 0 {
				from = versions[int(ops[0]&0x3f)%len(versions)]
			}
			// Keys gather near the places where a level is full.
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
				next.m = with(from.m, key, i)
				next.model[key] = i
			} else {
				next.m = from.m.Without(key)
				delete(next.model, key)
			}
			versions = append(versions, next)
		}
		for _, v := range versions {
			requireEqual(t, v.model, v.m)
		}
	})
}
