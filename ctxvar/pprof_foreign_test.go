package ctxvar_test

import (
	"context"
	"runtime"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var foreign = map[string]func() context.Context{
	"Background": context.Background,
	"labels": func() context.Context {
		return pprof.WithLabels(context.Background(), pprof.Labels("from", "ctx"))
	},
}

// A foreign ctx takes nothing away either.
func TestDoWithAForeignContext(t *testing.T) {
	for name, ctx := range foreign {
		t.Run(name, func(t *testing.T) {
			region.Set("eu")
			func() {
				defer tenant.Set("acme").Reset()
				pprof.Do(ctx(), pprof.Labels("k", "v"), func(ctx context.Context) {
					has(t, "acme", "eu")
					assert.Nil(t, inGoroutine(func() { has(t, "acme", "eu") }))
					tenant.Set("inside")
					has(t, "inside", "eu")
				})
				has(t, "inside", "eu")
				assert.Equal(t, "over", recovered(func() {
					pprof.Do(ctx(), pprof.Labels("k", "v"), func(context.Context) {
						tenant.Set("before the panic")
						panic("over")
					})
				}))
				has(t, "before the panic", "eu")
				pprof.SetGoroutineLabels(ctx())
				runtime.GC()
				pprof.SetGoroutineLabels(context.Background())
				runtime.GC()
				has(t, "before the panic", "eu")
			}()
			has(t, "none", "eu")
		})
	}
}

// A goroutine that has only inherited begins with any use of a variable other than
// reading. Before that it may lose its variables, because they are only in its slot.
func TestForeignLabelsOnAnHeir(t *testing.T) {
	tests := []struct {
		reason string
		begin  func()
		begins bool
	}{
		{"nothing was used", func() {}, false},
		{"reading leaves no trace", func() { tenant.Get() }, false},
		{"a set begins", func() { region.Set("eu").Reset() }, true},
		{"a run begins", func() { ctxvar.Copy().Run(func() {}) }, true},
		{"Detach begins", func() { ctxvar.Detach(func() {}) }, true},
		{"NewContext begins", func() { ctxvar.NewContext(context.Background()) }, true},
		{"Do begins", func() { ctxvar.Do(context.Background(), pprof.Labels(), func(context.Context) {}) }, true},
		{"to be asked through a ctx of ours begins", func() {
			pprof.SetGoroutineLabels(ctxvar.NewContext(context.Background()))
		}, true},
	}
	tenant.Set("acme")
	for _, tt := range tests {
		for name, ctx := range foreign {
			t.Run(tt.reason+"/"+name, func(t *testing.T) {
				tenant.Set("acme")
				assert.Nil(t, inGoroutine(func() {
					lost := ctxvar.LostCount()
					tt.begin()
					want := "acme"
					if !tt.begins {
						want = inExact("acme")
					}
					pprof.Do(ctx(), pprof.Labels("k", "v"), func(context.Context) {
						has(t, want, "none")
						assert.Nil(t, inGoroutine(func() { has(t, want, "none") }))
						assert.Equal(t, want == "none", ctxvar.MayBeLost())
						if want == "acme" {
							assert.Equal(t, lost, ctxvar.LostCount())
						} else {
							assert.Greater(t, ctxvar.LostCount(), lost)
						}
					})
					has(t, want, "none")
					assert.Equal(t, want == "none", ctxvar.MayBeLost(), "afterwards, without labels")
				}))
			})
		}
	}
}

// With, Run and Detach restore everything for their callers.
func TestScopesAcrossAForeignContext(t *testing.T) {
	for name, scope := range map[string]struct {
		run    func(fn func())
		tenant string
		region string
	}{
		"With":   {func(fn func()) { tenant.With("scope", fn) }, "scope", "eu"},
		"Run":    {func(fn func()) { ctxvar.Copy().Run(fn) }, "acme", "eu"},
		"Detach": {ctxvar.Detach, "none", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			tenant.Set("acme")
			region.Set("eu")
			scope.run(func() {
				pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", "v")))
				has(t, scope.tenant, scope.region)
				pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", "v")))
				region.Set("inside")
				pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", "v")))
				has(t, scope.tenant, "inside")
			})
			want := "eu"
			if name == "With" {
				want = "inside" // With sets only one variable
			}
			has(t, "acme", want)
			assert.Equal(t, []string{"k=v"}, ownLabels(), "labels are not scoped")
		})
	}
}

// pprof merges labels by key, and one of the user's that is empty takes the place of the mark. It takes
// nothing from the goroutine that is labelled, nor from those that it starts once it has used a variable.
func TestLabelWithAnEmptyKey(t *testing.T) {
	tenant.With("acme", func() {
		ctx := ctxvar.NewContext(context.Background())
		pprof.Do(ctx, pprof.Labels("", "x"), func(context.Context) {
			assert.Nil(t, inGoroutine(func() {
				assert.Equal(t, inExact("acme"), tenant.Get())
				assert.Equal(t, !exact, ctxvar.MayBeLost())
			}))
			assert.Equal(t, "acme", tenant.Get())
			assert.Nil(t, inGoroutine(func() { assert.Equal(t, "acme", tenant.Get()) }))
		})
	})
}
