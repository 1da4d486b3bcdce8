package ctxvar_test

import (
	"math/rand/v2"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// fill returns a new Context in which each of vars is set to its position.
func fill(vars ...*ctxvar.Var[int]) *ctxvar.Context {
	c := ctxvar.Empty()
	c.Run(func() {
		for i, v := range vars {
			v.Set(i)
		}
	})
	return c
}

func TestCPythonHamtBasics2(t *testing.T) {
	a, b := ctxvar.New[string]("a"), ctxvar.New[int]("b")
	h := ctxvar.Empty()
	assert.Zero(t, h.Len())

	h2 := h.Copy()
	h2.Run(func() { a.Set("b") })
	assert.Zero(t, h.Len())
	assert.Equal(t, 1, h2.Len())
	requireNotIn(t, h, a)
	requireIn(t, "b", h2, a)

	h3 := h2.Copy()
	h3.Run(func() { b.Set(10) })
	assert.Zero(t, h.Len())
	assert.Equal(t, 1, h2.Len())
	assert.Equal(t, 2, h3.Len())
	requireIn(t, "b", h3, a)
	requireIn(t, 10, h3, b)
	requireNotIn(t, h, b)
	requireNotIn(t, h2, b)
}

func TestCPythonHamtBasics4(t *testing.T) {
	key := ctxvar.New[*[]int]("key")
	h1 := ctxvar.Empty()
	h1.Run(func() { key.Set(new([]int)) })
	h2 := h1.Copy()
	h2.Run(func() { key.Set(new([]int)) })

	one, _ := key.In(h1)
	two, _ := key.In(h2)
	assert.NotSame(t, one, two)
	assert.Equal(t, 1, h1.Len())
	assert.Equal(t, 1, h2.Len())
}

// Numbers do not collide, so the test checks the rest of the case: each version keeps
// its content, at every depth.
func TestCPythonHamtCollision1(t *testing.T) {
	vars := ints(5000)
	k1, k2, k3 := vars[0], vars[1], vars[4999]

	h := ctxvar.Empty()
	with := func(h *ctxvar.Context, v *ctxvar.Var[int], value int) *ctxvar.Context {
		next := h.Copy()
		next.Run(func() { v.Set(value) })
		return next
	}
	h2 := with(h, k1, 1)
	h3 := with(h2, k2, 2)
	h4 := with(h3, k2, 22)
	h5 := with(h4, k3, 3)

	for i, want := range []map[ctxvar.Variable]any{
		{}, {k1: 1}, {k1: 1, k2: 2}, {k1: 1, k2: 22}, {k1: 1, k2: 22, k3: 3},
	} {
		assert.Equal(t, want, items(t, []*ctxvar.Context{h, h2, h3, h4, h5}[i]))
	}
}

// The deepest possible tree has its variables as far apart as possible.
func TestCPythonHamtCollision3(t *testing.T) {
	c := ctxvar.New[int]("C")
	ints(40_000)
	d := ctxvar.New[int]("D")
	ints(2000)
	e := ctxvar.New[int]("E")

	assert.Equal(t, []string{"C", "D", "E"}, names(fill(c, d, e)))
}

func TestCPythonHamtStress(t *testing.T) {
	const size, checkEvery = 7000, 647
	vars := ints(size)
	h := ctxvar.Empty()
	want := make(map[ctxvar.Variable]any)
	tokens := make([]*ctxvar.Token[int], size)

	// CPython keeps the half-deleted tree by a reference, and this test by a copy.
	var half *ctxvar.Context
	var wantHalf map[ctxvar.Variable]any
	h.Run(func() {
		for i, v := range vars {
			tokens[i] = v.Set(i)
			want[v] = i
			require.Equal(t, len(want), h.Len())
			if i%checkEvery == 0 {
				require.Equal(t, want, items(t, h))
			}
		}
		for i, v := range vars {
			require.Equal(t, i, v.MustGet())
		}
		for n, i := range rand.Perm(size) {
			vars[i].Reset(tokens[i])
			requireUnset(t, vars[i])
			delete(want, vars[i])
			require.Equal(t, len(want), h.Len())
			if n == size/2 {
				half = h.Copy()
				wantHalf = items(t, half)
			}
			if n%checkEvery == 0 {
				require.Equal(t, want, items(t, h))
			}
		}
	})
	assert.Zero(t, h.Len())
	assert.Empty(t, items(t, h))
	assert.Len(t, wantHalf, size-size/2-1)
	assert.Equal(t, wantHalf, items(t, half))
}

// The five cases of delete differ in the shapes that the hashes produce. Here the gaps
// between the variables' numbers produce them.
func TestCPythonHamtDelete(t *testing.T) {
	for name, gaps := range map[string][]int{
		"1: one node":              {0, 0, 0, 0, 0},
		"2: two in a node below":   {0, 1000, 0, 1000, 0},
		"3: nodes of one":          {40, 40, 40, 40, 40},
		"4: nodes below nodes":     {1100, 1100, 40, 0, 1100},
		"5: more than one node of": {0, 0, 33, 0, 33, 0, 33, 0, 33, 0, 33, 0, 33, 0, 33, 0, 33, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var vars []*ctxvar.Var[int]
			for _, gap := range gaps {
				ints(gap)
				vars = append(vars, ctxvar.New[int]("kept"))
			}
			never := ctxvar.New[int]("never set")
			for range 10 {
				want := make(map[ctxvar.Variable]any)
				tokens := make(map[int]*ctxvar.Token[int])
				h := ctxvar.Empty()
				h.Run(func() {
					for i, v := range vars {
						tokens[i] = v.Set(i)
						want[v] = i
					}
					for _, i := range rand.Perm(len(vars)) {
						tokens[i].Reset()
						delete(want, vars[i])
						require.Equal(t, want, items(t, h))
						requireNotIn(t, h, never)
					}
				})
				require.Zero(t, h.Len())
			}
		})
	}
}

func TestCPythonHamtItems1(t *testing.T) {
	vars := ints(6)
	want := make(map[ctxvar.Variable]any)
	for i, v := range vars {
		want[v] = i
	}
	assert.Equal(t, want, items(t, fill(vars...)))
}

func TestCPythonHamtItems2(t *testing.T) {
	vars := ints(3000)
	vars = []*ctxvar.Var[int]{vars[0], vars[1], vars[100], vars[101], vars[1100], vars[2999]}
	want := make(map[ctxvar.Variable]any)
	for i, v := range vars {
		want[v] = i
	}
	assert.Equal(t, want, items(t, fill(vars...)))
}

func TestCPythonHamtKeys1(t *testing.T) {
	var vars []*ctxvar.Var[int]
	for _, name := range []string{"A", "B", "C", "D", "E", "F"} {
		vars = append(vars, ctxvar.New[int](name))
		ints(20)
	}
	assert.Equal(t, []string{"A", "B", "C", "D", "E", "F"}, names(fill(vars...)))
}

func TestCPythonHamtItems3(t *testing.T) {
	assert.Empty(t, items(t, ctxvar.Empty()))
}

func TestCPythonHamtEq1(t *testing.T) {
	vars := ints(121)
	a, b, c, d, e := vars[0], vars[1], vars[100], vars[101], vars[120]
	h1 := fill(a, b, c, d)
	requireEqual := func(want bool, h2 *ctxvar.Context) {
		t.Helper()
		assert.Equal(t, want, h1.Equal(h2))
		assert.Equal(t, want, h2.Equal(h1))
	}

	h2 := ctxvar.Empty()
	requireEqual(false, h2)
	h2.Run(func() {
		for i, v := range []*ctxvar.Var[int]{a, b, c} {
			v.Set(i)
			requireEqual(false, h2)
		}
		d.Set(-1)
		requireEqual(false, h2)
		tokD := d.Set(3)
		requireEqual(true, h2)
		tokE := e.Set(4)
		requireEqual(false, h2)
		tokE.Reset()
		requireEqual(true, h2)
		tokD.Reset()
		requireEqual(false, h2)
		e.Set(3)
		requireEqual(false, h2)
	})
	assert.True(t, h1.Equal(h1))
	assert.True(t, ctxvar.Empty().Equal(ctxvar.Empty()))
}

// A value that refers to the Context which holds it still becomes garbage once nothing
// else refers to the Context.
func TestCPythonHamtGC1(t *testing.T) {
	type node struct {
		links []any
	}
	v := ctxvar.New[*node]("cycle")
	gone := func() weak.Pointer[node] {
		h := ctxvar.Empty()
		n := &node{}
		n.links = []any{n, h}
		h.Run(func() { v.Set(n) })
		return weak.Make(n)
	}()
	requireCollected(t, gone)
}

// So does a value in an unfinished iteration.
func TestCPythonHamtGC2(t *testing.T) {
	type node struct{ in *ctxvar.Context }
	v := ctxvar.New[*node]("held by an iterator")
	gone := func() weak.Pointer[node] {
		h := ctxvar.Empty()
		n := &node{in: h}
		h.Run(func() { v.Set(n) })
		for range h.All() {
			break
		}
		return weak.Make(n)
	}()
	requireCollected(t, gone)
}

func TestCPythonHamtIn1(t *testing.T) {
	a, b := ctxvar.New[int]("A"), ctxvar.New[int]("B")
	h := fill(a)
	assert.True(t, h.Contains(a))
	assert.False(t, h.Contains(b))
}

func TestCPythonHamtGetitem1(t *testing.T) {
	a, b := ctxvar.New[int]("A"), ctxvar.New[int]("B")
	h := ctxvar.Empty()
	h.Run(func() { a.Set(1) })
	requireIn(t, 1, h, a)
	requireNotIn(t, h, b)
}
