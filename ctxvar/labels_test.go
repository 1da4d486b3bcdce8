package ctxvar_test

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// ctxvar.Do keeps variables and labels whatever ctx is.
func TestCtxvarDo(t *testing.T) {
	contexts := map[string]func() context.Context{
		"Background": context.Background,
		"foreign labels": func() context.Context {
			return pprof.WithLabels(context.Background(), pprof.Labels("from", "ctx"))
		},
	}
	for name, descend := range descend {
		contexts[name] = func() context.Context { return descend(t.Context()) }
	}
	for name, ctx := range contexts {
		t.Run(name, func(t *testing.T) {
			tenant.Set("acme")
			ctx := ctx()
			if name == "NewContext" {
				// If ctx has no labels, the goroutine's labels stay.
				pprof.SetGoroutineLabels(pprof.WithLabels(ctx, pprof.Labels("on", "goroutine")))
				ctxvar.Do(ctx, pprof.Labels("k", "v"), func(context.Context) {
					assert.Equal(t, []string{"k=v", "on=goroutine"}, ownLabels())
				})
				assert.Equal(t, []string{"on=goroutine"}, ownLabels())
				pprof.SetGoroutineLabels(ctx)
			}
			type outcome struct{ inside, nested, after []string }
			observe := func(do func(context.Context, pprof.LabelSet, func(context.Context))) outcome {
				var got outcome
				do(ctx, pprof.Labels("k", "v"), func(ctx context.Context) {
					got.inside = ownLabels()
					do(ctx, pprof.Labels("k2", "v2"), func(context.Context) { got.nested = ownLabels() })
				})
				got.after = ownLabels()
				return got
			}
			var want outcome
			ctxvar.Detach(func() { want = observe(pprof.Do) })
			assert.Equal(t, want, observe(ctxvar.Do))

			ctxvar.Do(ctx, pprof.Labels("k", "v"), func(ctx context.Context) {
				has(t, "acme", "none")
				value, ok := pprof.Label(ctx, "k")
				assert.True(t, ok)
				assert.Equal(t, "v", value)
				assert.Nil(t, inGoroutine(func() { has(t, "acme", "none") }))
				region.Set("inside")
				ctxvar.Do(ctx, pprof.Labels("k2", "v2"), func(context.Context) {
					has(t, "acme", "inside")
					tenant.Set("nested")
				})
				has(t, "nested", "inside")
			})
			has(t, "nested", "inside")
			assert.Equal(t, "over", recovered(func() {
				ctxvar.Do(ctx, pprof.Labels("k", "v"), func(context.Context) {
					tenant.Set("before the panic")
					panic("over")
				})
			}))
			has(t, "before the panic", "inside")
		})
	}
}

// labelScenario uses labels as programs do, and returns the labels at each step. With
// variables, there is a set or a reset between any two steps.
func labelScenario(variables bool) []string {
	var seen []string
	n := 0
	step := func(what string) {
		seen = append(seen, fmt.Sprint(what, ": ", ownLabels()))
		if variables {
			n++
			tenant.Set(fmt.Sprint(n))
			region.Set("set").Reset()
			seen = append(seen, fmt.Sprint(what, ": ", ownLabels()))
		}
		seen = append(seen, fmt.Sprint(what, ", in text: ", ownTextLabels()))
	}
	ours := func(ctx context.Context) context.Context {
		if variables {
			return ctxvar.NewContext(ctx)
		}
		return ctx
	}
	scope := func(fn func()) {
		if variables {
			region.With("scope", func() { ctxvar.Copy().Run(fn) })
			return
		}
		fn()
	}
	step("at the start")
	ctx := ours(context.Background())
	pprof.Do(ctx, pprof.Labels("a", "1"), func(ctx context.Context) {
		step("in Do")
		pprof.Do(ctx, pprof.Labels("b", "2", "a", "3"), func(ctx context.Context) {
			step("in a nested Do")
			inGoroutine(func() {
				step("in a child")
				pprof.Do(ours(ctx), pprof.Labels("c", "4"), func(context.Context) { step("in a Do in a child") })
				step("in a child, after Do")
				pprof.SetGoroutineLabels(ours(context.Background()))
				step("in a child, without labels")
			})
			step("after a child")
		})
		step("after a nested Do")
		pprof.Do(ours(ctx), pprof.Labels("d", "5"), func(ctx context.Context) {
			step("in a Do with a ctx of the level above")
			seen = append(seen, listLabels(ctx))
		})
		step("after it")
	})
	step("after Do")

	ctx = ours(pprof.WithLabels(ctx, pprof.Labels("x", "1", "y", "")))
	seen = append(seen, listLabels(ctx))
	pprof.SetGoroutineLabels(ctx)
	step("set")
	ctx = ours(ctx)
	scope(func() {
		step("in a scope")
		pprof.SetGoroutineLabels(pprof.WithLabels(ctx, pprof.Labels("z", "3")))
		step("set in a scope")
	})
	step("after the scope")
	pprof.Do(ours(context.Background()), pprof.Labels("e", "6"), func(ctx context.Context) {
		step("in Do with a ctx that has no labels")
		pprof.Do(ctx, pprof.Labels(), func(context.Context) { step("in Do without labels") })
		step("after it")
	})
	step("after Do with a ctx that has no labels")
	pprof.SetGoroutineLabels(ctx)
	many := make([]string, 0, 200)
	for i := range 100 {
		many = append(many, fmt.Sprintf("key%03d", i), fmt.Sprint(i))
	}
	pprof.Do(ours(ctx), pprof.Labels(many...), func(context.Context) { step("with many") })
	step("after many")
	return seen
}

// listLabels returns the labels of ctx as pprof's functions list them, without the mark
// that TestMark is about.
func listLabels(ctx context.Context) string {
	var list []string
	pprof.ForLabels(ctx, func(key, value string) bool {
		if key != "" {
			list = append(list, fmt.Sprintf("%q:%q", key, value))
		}
		return true
	})
	return strings.Join(list, ", ")
}

// At each step, goroutines have the same labels as in the same program without
// variables.
func TestLabelsAreAsWithoutVariables(t *testing.T) {
	var want, got []string
	require.Nil(t, inGoroutine(func() { want = labelScenario(false) }))
	require.Nil(t, inGoroutine(func() { got = labelScenario(true) }))

	// With variables, each step is recorded twice: before and after a set.
	var once []string
	for i, seen := range got {
		if i == 0 || seen != got[i-1] {
			once = append(once, seen)
		}
	}
	assert.Equal(t, want, once)
	assert.Contains(t, want, "in a nested Do: [a=3 b=2]", "the scenario has labels")
	assert.Contains(t, want, `in a nested Do, in text: {"a":"3", "b":"2"}`, "and sees them both ways")
}

// Labels that were on the goroutine before its first variable stay.
func TestLabelsBeforeTheFirstVariable(t *testing.T) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("a", "1", "b", "2")))
	want := []string{"a=1", "b=2"}
	require.Equal(t, want, ownLabels())
	tok := tenant.Set("acme")
	assert.Equal(t, want, ownLabels())
	assert.Nil(t, inGoroutine(func() {
		assert.Equal(t, want, ownLabels())
		tenant.Set("child")
		assert.Equal(t, want, ownLabels())
	}))
	tok.Reset()
	assert.Equal(t, want, ownLabels())
	ctxvar.Empty().Run(func() { assert.Equal(t, want, ownLabels(), "a Context has no labels of its own") })
	ctxvar.Detach(func() {
		assert.Equal(t, want, ownLabels())
		assert.Nil(t, inGoroutine(func() { assert.Equal(t, want, ownLabels()) }))
	})
}

// In the default mode, a goroutine that pprof has labelled with a ctx of ours has one
// more label, of two empty strings, until it uses a variable. Profiles in the binary
// format don't show this label, but texts do. The ctx keeps it.
func TestMark(t *testing.T) {
	mark := `"":"", `
	keys := []string{"", "k"}
	if exact {
		mark, keys = "", keys[1:]
	}
	tenant.Set("acme")
	pprof.Do(ctxvar.NewContext(t.Context()), pprof.Labels("k", "v"), func(ctx context.Context) {
		var got []string
		pprof.ForLabels(ctx, func(key, _ string) bool { got = append(got, key); return true })
		assert.Equal(t, keys, got)
		assert.Equal(t, []string{"k=v"}, ownLabels())
		assert.Equal(t, `{`+mark+`"k":"v"}`, ownTextLabels())
		tenant.Get()
		assert.Equal(t, []string{"k=v"}, ownLabels())
		assert.Equal(t, `{"k":"v"}`, ownTextLabels())
	})
	assert.Equal(t, `{`+strings.TrimSuffix(mark, ", ")+`}`, ownTextLabels())
	tenant.Get()
	assert.Equal(t, `{}`, ownTextLabels())
	ctxvar.Do(t.Context(), pprof.Labels("k", "v"), func(context.Context) {
		assert.Equal(t, `{"k":"v"}`, ownTextLabels(), "nor does Do need one")
	})
	assert.Equal(t, `{}`, ownTextLabels())
}

// A Context taken in a goroutine with labels does not bring the labels to where it
// runs.
func TestContextCarriesNoLabels(t *testing.T) {
	var c *ctxvar.Context
	var ctx context.Context
	assert.Nil(t, inGoroutine(func() {
		pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("a", "1")))
		tenant.Set("acme")
		c = ctxvar.Copy()
		ctx = ctxvar.NewContext(context.Background())
	}))
	c.Run(func() { assert.Empty(t, ownLabels()) })
	assert.Empty(t, listLabels(ctx))
	c, ok := ctxvar.FromContext(ctx)
	require.True(t, ok)
	c.Run(func() { assert.Empty(t, ownLabels()) })
}
