package ctxvar_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var (
	tenant = ctxvar.New("tenant", ctxvar.Default("none"))
	region = ctxvar.New("region", ctxvar.Default("none"))
)

// has asserts what tenant and region are, by Get and in a copy.
func has(t *testing.T, wantTenant, wantRegion string) {
	t.Helper()
	assert.Equal(t, wantTenant, tenant.Get(), "tenant")
	assert.Equal(t, wantRegion, region.Get(), "region")
	got, ok := tenant.In(ctxvar.Copy())
	assert.Equal(t, wantTenant != "none", ok)
	assert.Equal(t, ok, got == wantTenant && ok)
}

// The ways to come by a context.Context that descends from NewContext.
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

// eachDescent runs the test with each of descend, in a new goroutine, as a
// goroutine's first use of a variable is part of the matter.
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

// A value set inside Do is the newest also after it: Do is no scope.
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

// What is set before the ctx was made, and reset since, stays reset.
func TestDoBringsNothingBack(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tok := tenant.Set("acme")
		ctx := descend(t.Context())
		tok.Reset()
		pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) { has(t, "none", "none") })
		has(t, "none", "none")
	})
}

// A token is good on both sides of a Do, which is not another Context.
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

// Nested, each level with the ctx of the one above, or with one kept from
// before, and a set before and after each.
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

// A goroutine started inside inherits, before and after the first set there,
// and goes on inheriting down the generations.
func TestDoChildInherits(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		pprof.Do(descend(t.Context()), pprof.Labels("k", "v"), func(ctx context.Context) {
			assert.Nil(t, inGoroutine(func() {
				has(t, "acme", "none")
				assert.Nil(t, inGoroutine(func() { has(t, "acme", "none") }))
				region.Set("child")
				assert.Nil(t, inGoroutine(func() { has(t, "acme", "child") }))
			}))
			has(t, "acme", "none")
			region.Set("inside")
			assert.Nil(t, inGoroutine(func() { has(t, "acme", "inside") }))
		})
		has(t, "acme", "inside")
		assert.Nil(t, inGoroutine(func() { has(t, "acme", "inside") }))
	})
}

// What a child inherits is what its parent had at the go statement, though
// the parent goes on setting and both go on labelling with one ctx.
func TestDoChildHasASnapshot(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		pprof.Do(descend(t.Context()), pprof.Labels("k", "v"), func(ctx context.Context) {
			has(t, "acme", "none")
			parentSet, childSet := make(chan struct{}), make(chan struct{})
			childDone := make(chan struct{})
			go func() {
				defer close(childDone)
				<-parentSet
				has(t, "acme", "none")
				pprof.Do(ctxvar.NewContext(ctx), pprof.Labels("in", "child"), func(context.Context) {
					has(t, "acme", "none")
					tenant.Set("child")
					close(childSet)
				})
				has(t, "child", "none")
			}()
			tenant.Set("parent")
			close(parentSet)
			<-childSet
			<-childDone
			has(t, "parent", "none")
			pprof.Do(ctx, pprof.Labels("in", "parent"), func(context.Context) { has(t, "parent", "none") })
			has(t, "parent", "none")
		})
		has(t, "parent", "none")
	})
}

// Where the parent has not used a variable since it was labelled, and sets one
// before the child has looked, nobody can tell the child what it was to inherit.
// It is not what the parent has now.
func TestDoChildThatLooksLate(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		pprof.Do(descend(t.Context()), pprof.Labels("k", "v"), func(context.Context) {
			set, looked := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(looked)
				<-set
				assert.Equal(t, inExact("acme"), tenant.Get())
				assert.Equal(t, !exact, ctxvar.MayBeLost())
			}()
			tenant.Set("parent")
			close(set)
			<-looked
		})
	})
}

// The ctx that a pprof.Do gave to its function has the labels of then, and a
// goroutine that puts them on again has not the variables of then.
func TestDoWithALabelledContextOfEarlier(t *testing.T) {
	tenant.Set("old")
	child := func(want string) {
		t.Helper()
		assert.Nil(t, inGoroutine(func() { assert.Equal(t, want, tenant.Get()) }))
	}
	pprof.Do(ctxvar.NewContext(t.Context()), pprof.Labels("handler", "x"), func(ctx context.Context) {
		tenant.Set("new")
		pprof.Do(ctx, pprof.Labels("stage", "y"), func(context.Context) {
			child(inExact("new"))
			assert.Equal(t, "new", tenant.Get())
			child("new")
		})
		ctxvar.Detach(func() {
			pprof.Do(ctx, pprof.Labels("stage", "refresh"), func(context.Context) { child("none") })
			child("none")
		})
		pprof.Do(ctxvar.NewContext(ctx), pprof.Labels("stage", "z"), func(context.Context) { child("new") })
		tenant.With("undone", func() {
			pprof.Do(ctxvar.NewContext(ctx), pprof.Labels("stage", "w"), func(context.Context) {})
		})
		child("new")
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

// With, Run and Detach put back what was there across a Do that begins or
// ends inside of them.
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

// A Do in a Run changes the Context that is entered, and no other.
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

// A ctx made in one goroutine and put on by another, which is a stranger to the
// first, gives that one nothing and takes nothing away, inside or afterwards.
func TestDoWithAnotherGoroutinesContext(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		var ctx context.Context
		assert.Nil(t, inGoroutine(func() {
			tenant.Set("theirs")
			ctx = descend(t.Context())
		}))
		tenant.Set("mine")
		pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) {
			has(t, "mine", "none")
			assert.Nil(t, inGoroutine(func() { has(t, "mine", "none") }))
			tenant.Set("inside")
		})
		has(t, "inside", "none")
		pprof.SetGoroutineLabels(ctx)
		has(t, "inside", "none")
	})
}

func TestDoInAGoroutineWithoutVariables(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		var ctx context.Context
		assert.Nil(t, inGoroutine(func() {
			tenant.Set("carried")
			ctx = descend(t.Context())
		}))
		has(t, "none", "none")
		pprof.Do(ctx, pprof.Labels("k", "v"), func(ctx context.Context) {
			has(t, "none", "none")
			assert.Nil(t, inGoroutine(func() { has(t, "none", "none") }))
			region.Set("inside")
			pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) { has(t, "none", "inside") })
			has(t, "none", "inside")
		})
		has(t, "none", "inside")
	})
}

// A goroutine that was started in a pprof.Do and goes on with the ctx of it:
// what it set itself counts, and what it inherited with it.
func TestDoInAChildWithTheParentsContext(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		pprof.Do(descend(t.Context()), pprof.Labels("k", "v"), func(ctx context.Context) {
			tenant.Set("parent")
			assert.Nil(t, inGoroutine(func() {
				tok := region.Set("child")
				pprof.Do(ctx, pprof.Labels("k", "child"), func(ctx context.Context) {
					has(t, "parent", "child")
					region.Set("nested")
					assert.Nil(t, inGoroutine(func() {
						has(t, "parent", "nested")
						tenant.Set("grandchild")
						pprof.Do(ctx, pprof.Labels("k", "grandchild"), func(ctx context.Context) {
							has(t, "grandchild", "nested")
						})
						has(t, "grandchild", "nested")
					}))
				})
				has(t, "parent", "nested")
				tok.Reset()
				pprof.Do(ctx, pprof.Labels("k", "child"), func(context.Context) { has(t, "parent", "none") })
				has(t, "parent", "none")
			}))
			has(t, "parent", "none")
		})
		has(t, "parent", "none")
	})
}

// Of many children, each in the place of the one before, none takes over what
// another one set.
func TestDoInChildrenOneAfterTheOther(t *testing.T) {
	eachDescent(t, func(t *testing.T, descend func(context.Context) context.Context) {
		tenant.Set("acme")
		pprof.Do(descend(t.Context()), pprof.Labels("k", "v"), func(ctx context.Context) {
			for i := range 100 {
				assert.Nil(t, inGoroutine(func() {
					pprof.Do(ctx, pprof.Labels("i", fmt.Sprint(i)), func(context.Context) {
						has(t, "acme", "none")
						region.Set(fmt.Sprint(i))
					})
					has(t, "acme", fmt.Sprint(i))
				}))
			}
		})
	})
}

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

// A goroutine that has only inherited has begun with any use of a variable but
// reading. Before, it may lose them: what is in its slot is all that there is.
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

// With, Run and Detach give their callers back all that they had.
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
				want = "inside" // With is of one variable
			}
			has(t, "acme", want)
			assert.Equal(t, []string{"k=v"}, ownLabels(), "labels are not scoped")
		})
	}
}

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
				// Where ctx has no labels, those of the goroutine stay.
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

// labelScenario does what programs do with labels, and returns what they are
// at each step. With variables, a set or a reset lies between any two steps.
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

// listLabels returns the labels that ctx has, as pprof's functions tell them,
// but for the mark that TestMark is about.
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

// The labels of goroutines are at each step those that the same program has
// without variables.
func TestLabelsAreAsWithoutVariables(t *testing.T) {
	var want, got []string
	require.Nil(t, inGoroutine(func() { want = labelScenario(false) }))
	require.Nil(t, inGoroutine(func() { got = labelScenario(true) }))

	// A step is seen twice with variables: before and after a set.
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

// After pprof has labelled a goroutine with a ctx of ours and until the next use
// of a variable, in the default mode, it has one more label, of two empty
// strings. Profiles in the binary format don't show it, texts do. The ctx has it
// for good.
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

// A Context taken where there are labels does not bring them to where it runs.
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
