package ctxvar_test

import (
	"context"
	"fmt"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var (
	tenant = ctxvar.New("tenant", ctxvar.Default("none"))
	region = ctxvar.New("region", ctxvar.Default("none"))
)

// has asserts the values of tenant and region, by Get and in a copy.
func has(t *testing.T, wantTenant, wantRegion string) {
	t.Helper()
	assert.Equal(t, wantTenant, tenant.Get(), "tenant")
	assert.Equal(t, wantRegion, region.Get(), "region")
	got, ok := tenant.In(ctxvar.Copy())
	assert.Equal(t, wantTenant != "none", ok)
	assert.Equal(t, ok, got == wantTenant && ok)
}

// The ways to get a context.Context that descends from NewContext.
var descend = map[string]func(ctx context.Context) context.Context{
	"NewContext": func(ctx context.Context) context.Context { return ctxvar.NewContext(ctx) },
	"a child of it": func(ctx context.Context) context.Context {
		type key struct{}
		return context.WithoutCancel(context.WithValue(ctxvar.NewContext(ctx), key{}, 1))
	},
	"with labels": func(ctx context.Context) context.Context {
		return pprof.WithLabels(ctxvar.NewContext(ctx), pprof.Labels("from", "ctx"))
	},
	"over labels": func(ctx context.Context) context.Context {
		return ctxvar.NewContext(pprof.WithLabels(ctx, pprof.Labels("from", "ctx")))
	},
	"twice": func(ctx context.Context) context.Context {
		return ctxvar.NewContext(ctxvar.NewContext(ctx))
	},
}

// eachDescent runs the test with each of descend, in a new goroutine, because a
// goroutine's first use of a variable matters here.
func eachDescent(t *testing.T, test func(t *testing.T, descend func(context.Context) context.Context)) {
	for name, descend := range descend {
		t.Run(name, func(t *testing.T) { test(t, descend) })
	}
}

func TestDoKeepsVariables(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		ctx := descend(t.Context())
		region.Set("set after NewContext")
		pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) {
			has(t, "acme", "set after NewContext")
		})
		has(t, "acme", "set after NewContext")
	})
}

func TestDoBeforeAnyVariable(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		pprof.Do(descend(t.Context()), pprof.Labels("k", "v"), func(context.Context) {
			has(t, "none", "none")
			tenant.Set("acme")
			has(t, "acme", "none")
		})
		has(t, "acme", "none")
	})
}

// A value set inside Do is also the newest after it, because Do is not a scope.
func TestDoKeepsWhatIsSetInside(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		tok := region.Set("eu")
		pprof.Do(descend(t.Context()), pprof.Labels("k", "v"), func(context.Context) {
			tenant.Set("other")
			tok.Reset()
			has(t, "other", "none")
		})
		has(t, "other", "none")
	})
}

// A value that was set before the ctx was made, and has been reset since, stays reset.
func TestDoBringsNothingBack(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tok := tenant.Set("acme")
		ctx := descend(t.Context())
		tok.Reset()
		pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) { has(t, "none", "none") })
		has(t, "none", "none")
	})
}

// A token is valid inside and outside of a Do, which is not another Context.
func TestTokensAcrossDo(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		outside := tenant.Set("outside")
		var inside *ctxvar.Token[string]
		pprof.Do(descend(t.Context()), pprof.Labels("k", "v"), func(context.Context) {
			inside = tenant.Set("inside")
		})
		has(t, "inside", "none")
		inside.Reset()
		has(t, "outside", "none")
		pprof.Do(descend(t.Context()), pprof.Labels("k", "v"), func(context.Context) {
			outside.Reset()
			has(t, "none", "none")
		})
		has(t, "none", "none")
	})
}

// Nested Dos, each with the ctx of the level above or with one kept from before, and
// with a set before and after each.
func TestDoNested(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		outer := descend(t.Context())
		var level func(ctx context.Context, n int)
		level = func(ctx context.Context, n int) {
			if n == 5 {
				return
			}
			mine := fmt.Sprint("level ", n)
			tenant.Set(mine)
			pprof.Do(ctx, pprof.Labels("level", fmt.Sprint(n)), func(ctx context.Context) {
				has(t, mine, region.Get())
				region.Set(mine)
				level(ctx, n+1)
				level(outer, n+1)
				level(descend(ctx), n+1)
				tenant.Set(mine)
			})
			has(t, mine, region.Get())
		}
		level(outer, 0)
	})
}

// SetGoroutineLabels is the other half of Do.
func TestSetGoroutineLabelsKeepsVariables(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		ctx := descend(t.Context())
		for i := range 3 {
			region.Set(fmt.Sprint(i))
			pprof.SetGoroutineLabels(pprof.WithLabels(ctx, pprof.Labels("i", fmt.Sprint(i))))
			has(t, "acme", fmt.Sprint(i))
			assert.Nil(t, inGoroutine(func() { has(t, "acme", fmt.Sprint(i)) }))
			pprof.SetGoroutineLabels(ctx)
			has(t, "acme", fmt.Sprint(i))
		}
	})
}

// With, Run and Detach restore the variables across a Do that begins or ends inside of
// them.
func TestScopesAcrossDo(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		ctx := descend(t.Context())
		do := func(fn func()) {
			pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) { fn() })
		}
		scopes := map[string]func(fn func()){
			"With":   func(fn func()) { tenant.With("scope", fn) },
			"Run":    func(fn func()) { ctxvar.Copy().Run(func() { tenant.Set("scope"); fn() }) },
			"Empty":  func(fn func()) { ctxvar.Empty().Run(func() { tenant.Set("scope"); fn() }) },
			"Detach": func(fn func()) { ctxvar.Detach(func() { tenant.Set("scope"); fn() }) },
		}
		for name, scope := range scopes {
			scope(func() {
				do(func() { assert.Equal(t, "scope", tenant.Get(), name) })
				assert.Equal(t, "scope", tenant.Get(), name)
			})
			assert.Equal(t, "acme", tenant.Get(), name)
			do(func() {
				scope(func() { assert.Equal(t, "scope", tenant.Get(), name) })
				assert.Equal(t, "acme", tenant.Get(), name)
			})
			assert.Equal(t, "acme", tenant.Get(), name)
			scope(func() { pprof.SetGoroutineLabels(ctx) })
			assert.Equal(t, "acme", tenant.Get(), name)
		}
	})
}

// A Do in a Run changes the entered Context, and no other.
func TestDoInsideRun(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("caller")
		ctx := descend(t.Context())
		c := ctxvar.Copy()
		c.Run(func() {
			pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) {
				tenant.Set("run")
				requireIn(t, "run", c, tenant)
			})
			has(t, "run", "none")
			region.Set("after Do")
		})
		requireIn(t, "run", c, tenant)
		requireIn(t, "after Do", c, region)
		has(t, "caller", "none")
	})
}

// Do with no labels at all, and a panic or a Goexit out of it.
func TestDoOddities(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		ctx := descend(t.Context())
		pprof.Do(ctx, pprof.Labels(), func(context.Context) { has(t, "acme", "none") })
		has(t, "acme", "none")
		for name, end := range ends {
			assert.Nil(t, inGoroutine(func() {
				defer has(t, "acme", name)
				defer func() { _ = recover() }()
				pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) {
					region.Set(name)
					end()
				})
			}))
		}
	})
}
