package gather

import (
	"context"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/task"
)

// A GroupOf is a [Group] whose functions return results. The zero
// GroupOf is valid, has no limit and cancels nothing on error.
type GroupOf[T any] struct {
	group Group

	mu      sync.Mutex
	results []T // guarded by mu: one for each call of Go, in order
}

// GroupOfWithContext returns a new GroupOf and a context derived from
// ctx, which is cancelled as that of [WithContext] is.
func GroupOfWithContext[T any](ctx context.Context) (*GroupOf[T], context.Context) {
	g := &GroupOf[T]{group: Group{jobs: new(jobContext)}}
	g.group.jobs.begin(ctx)
	return g, g.group.jobs
}

// Go calls f in a new goroutine, as [Group.Go] does.
func (g *GroupOf[T]) Go(f func() (T, error)) {
	if f == nil {
		panic(nilFunc("GroupOf.Go"))
	}
	i := g.add()
	g.group.group.Go(func() error { return g.run(i, f) })
}

// TryGo is Go if the number of active goroutines is below the limit, and does
// nothing otherwise. It reports whether f was started, and never blocks.
func (g *GroupOf[T]) TryGo(f func() (T, error)) bool {
	if f == nil {
		panic(nilFunc("GroupOf.TryGo"))
	}
	// Other goroutines may call Go: hold on to the place until it is known
	// whether it is needed. f may end at once, and then waits for mu.
	g.mu.Lock()
	defer g.mu.Unlock()
	i := len(g.results)
	if !g.group.group.TryGo(func() error { return g.run(i, f) }) {
		return false
	}
	var none T
	g.results = append(g.results, none)
	return true
}

// SetLimit limits the number of active goroutines, as [Group.SetLimit] does.
func (g *GroupOf[T]) SetLimit(n int) { g.group.SetLimit(n) }

// Wait blocks until all functions given to Go have ended. It returns their
// results in the order of the calls to Go, with the zero value for each that
// failed, and the first error of one of them, a [*JobError], or nil.
func (g *GroupOf[T]) Wait() ([]T, error) {
	err := g.group.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clip(g.results), err
}

// add makes a place for one more result.
func (g *GroupOf[T]) add() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	var none T
	g.results = append(g.results, none)
	return len(g.results) - 1
}

// run runs f, whose result has place i, on the calling goroutine.
func (g *GroupOf[T]) run(i int, f func() (T, error)) error {
	task.Func[T](func(context.Context) (T, error) {
		return f()
	}).Call(context.Background(), func(v T, err error) {
		if err != nil {
			g.group.fail(&JobError{Index: i, Err: err})
		} else {
			g.set(i, v)
		}
	})
	return nil
}

func (g *GroupOf[T]) set(i int, v T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.results[i] = v
}
