package trie_test

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/trie"
)

var keys sync.Map

// keyOf returns the one Key with that ID.
func keyOf(id uint32) *trie.Key {
	key, ok := keys.Load(id)
	if !ok {
		key, _ = keys.LoadOrStore(id, &trie.Key{ID: id, Copy: trie.Copied[int]})
	}
	return key.(*trie.Key)
}

func bound(key uint32, value int) *trie.Binding {
	b := &trie.Bound[int]{Value: value}
	b.Key = keyOf(key)
	return &b.Binding
}

// with returns a map that holds value for key, and what m holds for every other
// key.
func with(m *trie.Map, key uint32, value int) *trie.Map {
	next := trie.New(m.SlotsWith(key))
	check(m, key, m.With(next, key, bound(key, value), false))
	return next
}

// withSole is with, and the binding is part of one object with the map, if that
// can be.
func withSole(m *trie.Map, key uint32, value int) *trie.Map {
	if !m.Deep(key) && !m.Alone(key) {
		return with(m, key, value)
	}
	s := new(trie.Sole)
	s.B.Key, s.B.Value = keyOf(key), value
	check(m, key, m.With(&s.Map, key, &s.B.Binding, true))
	return &s.Map
}

// check panics if old is not what m holds for key.
func check(m *trie.Map, key uint32, old *trie.Binding) {
	if m.Get(key) != old {
		panic("With returns another binding than Get")
	}
}

// requireEqual checks every way to read m against the model.
func requireEqual(t *testing.T, model map[uint32]int, m *trie.Map) {
	t.Helper()
	require.Empty(t, m.Fault())
	require.Equal(t, len(model), m.Len())
	require.Equal(t, len(model) == 0, m.Empty())
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
	require.True(t, m.Flat())
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

// upTo returns a map that holds the keys below n.
func upTo(n uint32) *trie.Map {
	m := new(trie.Map)
	for key := range n {
		m = with(m, key, int(key))
	}
	return m
}

// Maps are the same if one is a copy of the other, and all empty maps are.
func TestSame(t *testing.T) {
	empty, one, two, deep := of(nil), of([]uint32{1}), of([]uint32{1, 2}), upTo(50)
	emptied, again, copied, copiedDeep := of(nil, 1), of([]uint32{1}), trie.New(1), trie.New(deep.Slots())
	one.Copy(copied)
	deep.Copy(copiedDeep)
	require.True(t, empty.Same(emptied))
	require.True(t, empty.Same(of(nil, 50)))
	require.True(t, one.Same(copied))
	require.True(t, deep.Same(copiedDeep))
	require.True(t, two.Without(2).Same(two.Without(2)))
	require.False(t, one.Same(again))
	require.False(t, one.Same(two))
	require.False(t, one.Same(empty))
	require.False(t, empty.Same(one))
	require.False(t, of([]uint32{0}).Same(of([]uint32{32})))
	require.False(t, deep.Same(with(deep, 49, 49)))
	require.False(t, deep.Same(deep.Without(3)))
}

// A key that is larger than any in the map is not taken for another one.
func TestKeysPastTheRoot(t *testing.T) {
	flat, deep := of([]uint32{5}), of([]uint32{5, 40})
	require.Nil(t, flat.Get(5+1<<5))
	wide := upTo(50)
	for shift := 10; shift < 32; shift++ {
		for _, m := range []*trie.Map{deep, wide} {
			require.Nil(t, m.Get(5+1<<shift), shift)
			require.Nil(t, m.Get(40+1<<shift), shift)
			require.Same(t, m, m.Without(5+1<<shift))
		}
	}
}

func TestMapBoundaries(t *testing.T) {
	for _, tt := range boundaries {
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

// Each number of slots has room for itself, and what is not copied is shared.
func TestSlots(t *testing.T) {
	m := new(trie.Map)
	for key := range uint32(32) {
		require.Equal(t, int(key)+1, m.SlotsWith(key))
		m = with(m, key, int(key))
		require.Equal(t, int(key)+1, m.Slots())
		require.Equal(t, int(key)+1, m.SlotsWith(key), "replaced")
		require.Equal(t, 2, m.SlotsWith(32), "the base, and the key")
		other := trie.New(m.Slots())
		m.Copy(other)
		require.True(t, m.Same(other))
		require.Same(t, m.Get(key), with(m, 40, 1).Get(key))
	}
}

// The front takes keys until it is full, or until one's place is taken, and then
// they go into the base.
func TestFront(t *testing.T) {
	m := upTo(32)
	require.False(t, m.Deep(31))
	require.True(t, m.Deep(32))
	for i := range uint32(trie.Most) {
		require.Equal(t, m.Flat(), m.Handy(40+i), i)
		m = with(m, 40+i, 1)
		require.Len(t, m.Front(), int(i)+1)
		require.True(t, m.Handy(40+i))
		require.Equal(t, 1+len(m.Front()), m.Slots())
		require.Equal(t, m.Slots(), m.SlotsWith(40+i), "replaced")
		require.Equal(t, 33+int(i), m.Len())
		require.True(t, m.Deep(31))
		require.False(t, m.Alone(31))
	}
	require.Equal(t, trie.DeepSlots, m.Slots())
	require.Equal(t, 2, m.SlotsWith(39), "it is full")
	require.Equal(t, []uint32{39}, with(m, 39, 1).Front())
	require.Equal(t, []uint32{3}, with(m, 3, 1).Front(), "out of the base")
	m = m.Without(41)
	require.Equal(t, 2, m.SlotsWith(40+32), "its place is taken")
	require.Equal(t, []uint32{72}, with(m, 72, 1).Front())
	require.Equal(t, m.Slots()+1, m.SlotsWith(3), "there is room")
	m = with(m, 3, 1)
	require.Contains(t, m.Front(), uint32(3))
	require.Equal(t, 32+trie.Most-1, m.Len())
}

// A binding that is part of a larger object with a base is in no map that is made
// of that one and has other bindings, and Apart returns a copy.
func TestOwned(t *testing.T) {
	for _, key := range []uint32{200, 223, 224} { // in the middle, in the last place, and in the first
		testOwned(t, key)
	}
}

func testOwned(t *testing.T, key uint32) {
	for name, m := range map[string]*trie.Map{
		"flat": upTo(32), "full": upTo(32 + trie.Most), "among others": upTo(32 + trie.Most - 1),
	} {
		m = withSole(m, key, 1)
		own := m.Get(key)
		require.Same(t, own, m.Own(), name)
		require.False(t, m.Handy(key))
		require.True(t, m.Get(3) == m.Apart(m.Get(3)))
		require.Nil(t, m.Apart(nil))
		copied := trie.New(m.Slots())
		m.Copy(copied)
		require.Same(t, own, copied.Own())
		for reason, other := range map[string]*trie.Map{
			"another binding":     with(m, key+1, 1),
			"another object":      withSole(m, key+1, 1),
			"one from the base":   with(m, 3, 1),
			"its place is taken":  with(m, key+32, 1),
			"one less":            m.Without(3),
			"what a copy becomes": with(copied, key+1, 1),
		} {
			b := other.Get(key)
			require.NotSame(t, own, b, "%s, %s", name, reason)
			require.Equal(t, 1, trie.As[int](b).Value)
			require.Same(t, other, other.Without(7777))
		}
		require.Same(t, m, m.Without(7777))
		next := with(m, key, 2)
		require.True(t, next.Handy(key))
		require.Nil(t, next.Own())
		require.Same(t, next.Get(key), next.Apart(next.Get(key)))
		apart := m.Apart(own)
		require.NotSame(t, own, apart)
		require.Equal(t, trie.As[int](own).Value, trie.As[int](apart).Value)
	}
}

func TestAllStops(t *testing.T) {
	m := upTo(100)
	for _, most := range []uint32{0, 40, 95, 98} {
		var seen []uint32
		m.All(func(key uint32, _ *trie.Binding) bool {
			seen = append(seen, key)
			return key < most
		})
		require.Len(t, seen, int(most)+1)
	}
	require.NotEmpty(t, m.Front())
}

// FuzzMap reads its input as operations and runs them on a Map and on a builtin
// map. Each version is kept and checked again at the end, for a version that
// changes later is the failure that matters most here.
func FuzzMap(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 32, 1, 128, 0, 33, 0})
	rng := rand.New(rand.NewPCG(1, 2))
	for range 16 {
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
		// owned are the bindings that are part of a larger object with a front, and
		// its map.
		owned := map[*trie.Binding]*trie.Map{}
		for i := 0; len(ops) >= 3 && i < 400; i, ops = i+1, ops[3:] {
			from := versions[len(versions)-1]
			if ops[0]&0x40 != 0 {
				from = versions[int(ops[0]&0x1f)%len(versions)]
			}
			// Keys gather near the places where a level is full, and in few places
			// of the front.
			key := uint32(binary.LittleEndian.Uint16(ops[1:]))
			switch key & 3 {
			case 0:
				key = key >> 2 % 34
			case 1:
				key = 1020 + key>>2%8
			case 2:
				key = key >> 2 % 4 << 14
			}
			next := version{model: maps.Clone(from.model)}
			switch {
			case ops[0]&0x80 == 0 && ops[0]&0x20 == 0:
				next.m = with(from.m, key, i)
				next.model[key] = i
			case ops[0]&0x80 == 0:
				next.m = withSole(from.m, key, i)
				next.model[key] = i
				if own := next.m.Own(); own != nil {
					require.Same(t, own, next.m.Get(key))
					owned[own] = next.m
				}
			case ops[0]&0x20 == 0:
				next.m = from.m.Without(key)
				delete(next.model, key)
			default:
				next.m = trie.New(from.m.Slots())
				from.m.Copy(next.m)
				require.True(t, next.m.Same(from.m))
			}
			versions = append(versions, next)
		}
		for _, v := range versions {
			requireEqual(t, v.model, v.m)
			v.m.All(func(_ uint32, b *trie.Binding) bool {
				if m := owned[b]; m != nil {
					require.True(t, v.m.Same(m), "keeps another map alive")
				}
				return true
			})
		}
	})
}
