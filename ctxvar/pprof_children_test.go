package ctxvar_test

import (
	"context"
	"fmt"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A goroutine started inside inherits, before and after the first set there, and so do
// all generations below it.
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

// A child inherits its parent's values at the go statement, even if the parent goes on
// setting variables and both go on labelling with one ctx.
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

// If the parent has not used a variable since it was labelled, and sets one before the
// child has looked, the child's inherited values can't be known. They are never the
// parent's present values.
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

// With ctxvar.Do neither matters: when a child looks, nor whether those between have.
// NewContext around a labelled ctx does not help there, because its answer is a mark too.
func TestOwnDoChildThatLooksLate(t *testing.T) {
	labelled := pprof.WithLabels(ctxvar.NewContext(t.Context()), pprof.Labels("k", "v"))
	for _, tt := range []struct {
		name string
		do   func(fn func(context.Context))
		want string
	}{
		{"ctxvar.Do", func(fn func(context.Context)) { ctxvar.Do(labelled, pprof.Labels(), fn) }, "acme"},
		{"pprof.Do", func(fn func(context.Context)) {
			pprof.Do(ctxvar.NewContext(labelled), pprof.Labels(), fn)
		}, inExact("acme")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tenant.Set("acme")
			tt.do(func(context.Context) {
				set, looked := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(looked)
					<-set
					assert.Equal(t, tt.want, tenant.Get())
				}()
				assert.Nil(t, inGoroutine(func() {
					assert.Nil(t, inGoroutine(func() { assert.Equal(t, tt.want, tenant.Get()) }))
				}))
				tenant.Set("parent")
				close(set)
				<-looked
			})
		})
	}
}

// The ctx that a pprof.Do gave to its function has the labels of that moment. A
// goroutine that puts them on again does not get the variables of that moment.
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

// A ctx is made in one goroutine and put on by an unrelated one. It gives that
// goroutine nothing and takes nothing away, inside or afterwards.
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

// A goroutine was started in a pprof.Do and goes on with its ctx: the values that it
// set itself count, and so do those that it inherited.
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

// Many children follow each other in the same place, and none takes over values that
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

// In the labels of a goroutine without variables nothing shows whose they are, unless
// they are written with Do.
func TestDoChildOfOneWithoutVariables(t *testing.T) {
	for name, do := range map[string]struct {
		do   func(context.Context, pprof.LabelSet, func(context.Context))
		lost bool
	}{"pprof.Do": {pprof.Do, !exact}, "ctxvar.Do": {ctxvar.Do, false}} {
		ctxvar.Detach(func() {
			assert.Nil(t, inGoroutine(func() {
				do.do(ctxvar.NewContext(context.Background()), pprof.Labels("k", "v"), func(context.Context) {
					assert.Nil(t, inGoroutine(func() { assert.Equal(t, do.lost, ctxvar.MayBeLost(), name) }))
				})
			}))
		})
	}
}
