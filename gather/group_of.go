package gather

import (
	"context"
	"slices"
	"sync"
)

// A GroupOf is a [Group] whose functions return results. A zero GroupOf is
// valid, has no limit on the number of active functions, and does not cancel on
// error.
type GroupOf[T any] struct {
	group Group

	mu      sync.Mutex
	results []T // guarded by mu: the results by index, as far as they are known
}

// GroupOfWithContext returns a new GroupOf and a context derived from ctx,
// which is cancelled like that of [WithContext].
func GroupOfWithContext[T any](ctx context.Context) (*GroupOf[T], context.Context) {
	g := new(struct { // in one allocation
		GroupOf[T]
		own jobContext
	})
	return &g.GroupOf, g.group.with(&g.own, safe("GroupOfWithContext", ctx))
}

// Go calls f in another goroutine, as [Group.Go] does.
func (g *GroupOf[T]) Go(f func() (T, error)) {
	if f == nil {
		panic(nilFunc("GroupOf.Go"))
	}
	switch h, what := g.add(f, true); what {
	case goAlone:
		go g.group.runAlone(h)
	case goWork:
		go g.group.work()
	}
}

// TryGo calls f like Go if the number of active functions is below the limit,
// and otherwise does nothing. It reports whether f was started, and never
// blocks.
func (g *GroupOf[T]) TryGo(f func() (T, error)) bool {
	if f == nil {
		panic(nilFunc("GroupOf.TryGo"))
	}
	h, what := g.add(f, false)
	switch what {
	case goAlone:
		go g.group.runAlone(h)
	case goWork:
		go g.group.work()
	}
	return what != turnedAway
}

// SetLimit limits the number of active functions, as [Group.SetLimit] does.
func (g *GroupOf[T]) SetLimit(n int) { g.group.SetLimit(n) }

// SetPolicy sets how a failure affects the group, as [Group.SetPolicy] does.
func (g *GroupOf[T]) SetPolicy(p Policy) { g.group.SetPolicy(p) }

// Wait blocks until all functions given to Go have ended. It returns their
// results in the order of the calls to Go, with the zero value for each
// function that failed, and the first error, a [*JobError], or nil.
// [Group.SetPolicy] describes the errors under other policies.
func (g *GroupOf[T]) Wait() ([]T, error) {
	err := g.group.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reach(g.group.total())
	return slices.Clip(g.results), err
}

// add adds f to the group, as a function that stores its result.
func (g *GroupOf[T]) add(f func() (T, error), wait bool) (hand, step) {
	index := new(int)
	return g.group.add(func() error {
		v, err := f()
		if err == nil {
			g.set(*index, v)
		}
		return err
	}, index, wait)
}

// set sets the result with index i to v.
func (g *GroupOf[T]) set(i int, v T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reach(i + 1)
	g.results[i] = v
}

// reach extends the results to n. The caller holds g.mu.
func (g *GroupOf[T]) reach(n int) {
	if more := n - len(g.results); more > 0 {
		g.results = append(g.results, make([]T, more)...)
	}
}
