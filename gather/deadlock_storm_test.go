package gather_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/joinset"
	"github.com/heirloom-go/heirloom/task/scope"
	"github.com/heirloom-go/heirloom/task/shared"
)

type number = *task.Task[int]

// A part is a part of a random program, which waits for some of deps, in jobs and tasks
// of its own. Whether it does depends on seed alone.
type part struct {
	seed  uint64
	depth int
	deps  []number
}

// some returns up to three parts of p.
func (p part) some(r *rand.Rand) (parts []task.Func[int]) {
	for range 1 + r.IntN(3) {
		parts = append(parts, part{r.Uint64(), p.depth - 1, p.deps}.run)
	}
	return parts
}

func (p part) run(ctx context.Context) (int, error) {
	r := rand.New(rand.NewPCG(p.seed, 0))
	dep := func() number { return p.deps[r.IntN(len(p.deps))] }
	kind := r.IntN(3)
	if p.depth > 0 {
		kind = r.IntN(len(partsOf) + 3)
	}
	switch {
	case kind == 0 || len(p.deps) == 0:
		return 1, task.Sleep(ctx, time.Duration(r.IntN(10))*time.Second)
	case kind == 1:
		return dep().Await(ctx)
	case kind == 2:
		_, _, err := task.Wait(ctx, task.When(r.IntN(3)), dep(), dep())
		return 0, err
	}
	return 0, partsOf[kind-3](ctx, r, p.some(r))
}

// The ways in which a part waits for parts of it.
var partsOf = []func(ctx context.Context, r *rand.Rand, parts []task.Func[int]) error{
	func(ctx context.Context, _ *rand.Rand, parts []task.Func[int]) error {
		_, err := gather.All(ctx, parts...)
		return err
	},
	func(ctx context.Context, _ *rand.Rand, parts []task.Func[int]) error {
		_, err := gather.Race(ctx, parts...)
		return err
	},
	func(ctx context.Context, _ *rand.Rand, parts []task.Func[int]) error {
		_, err := gather.Any(ctx, parts...)
		return err
	},
	func(ctx context.Context, r *rand.Rand, parts []task.Func[int]) error {
		_, err := gather.Map(ctx, parts, gather.Call, gather.Limit(1+r.IntN(2)), gather.OnError(gather.CollectAll))
		return err
	},
	func(ctx context.Context, r *rand.Rand, parts []task.Func[int]) error {
		g, ctx := gather.WithContext(ctx)
		for _, part := range parts {
			g.Go(func() error { _, err := part(ctx); return err })
		}
		time.Sleep(time.Duration(r.IntN(2)) * time.Second)
		return g.Wait()
	},
	func(ctx context.Context, r *rand.Rand, parts []task.Func[int]) error {
		return task.Group(ctx, func(ctx context.Context) error {
			first := task.Go(ctx, parts[0])
			for _, part := range parts[1:] {
				task.Go(ctx, part)
			}
			if r.IntN(2) == 0 {
				return nil
			}
			_, err := first.Await(ctx)
			return err
		}, task.FailFast(r.IntN(2) == 0), task.Unobserved(func(task.Info, error) {}))
	},
	func(ctx context.Context, _ *rand.Rand, parts []task.Func[int]) error {
		_, err := task.Run(ctx, parts[0])
		return err
	},
	func(ctx context.Context, _ *rand.Rand, parts []task.Func[int]) error {
		calls := shared.New(ctx, func(ctx context.Context, _ int) (int, error) { return parts[0](ctx) })
		_, err := calls.Do(ctx, 1)
		return err
	},
	func(ctx context.Context, _ *rand.Rand, parts []task.Func[int]) (errs error) {
		set := joinset.New[int](ctx)
		for _, part := range parts {
			set.Go(part)
		}
		for _, err := range set.Results(ctx) {
			errs = errors.Join(errs, err)
		}
		return errs
	},
	func(ctx context.Context, _ *rand.Rand, parts []task.Func[int]) error {
		s := scope.New(ctx)
		t := scope.Go(s, parts[0])
		return errors.Join(s.Wait(ctx), t.Err())
	},
	func(ctx context.Context, _ *rand.Rand, parts []task.Func[int]) error {
		var m task.Members
		promise, complete := task.Promise[int](ctx, task.CompletedBy(&m))
		task.Start(ctx, func(ctx context.Context) error { complete(parts[0](ctx)); return nil }, task.MemberOf(&m))
		_, err := promise.Await(ctx)
		return err
	},
	func(ctx context.Context, r *rand.Rand, parts []task.Func[int]) (errs error) {
		quick := task.Go(ctx, func(context.Context) (int, error) { return 0, nil })
		for _, err := range task.AsCompleted(ctx, task.Go(ctx, parts[0]), quick) {
			_, inner := parts[len(parts)-1](ctx)
			if errs = errors.Join(errs, err, inner); r.IntN(3) == 0 {
				break
			}
		}
		return errs
	},
}

// randomPrograms returns a seed for random programs, which it logs, and how many of them to run:
// few in a short test and under the race detector.
func randomPrograms(t *testing.T, many, few uint64) (seed, n uint64) {
	seed, n = rand.Uint64(), many
	if testing.Short() || raceEnabled {
		n = few
	}
	t.Logf("seed %d", seed)
	return seed, n
}

// inTask runs a program in a task, in a bubble. It calls check with the task's error when
// the task has ended, or hangs after an hour.
func inTask(t *testing.T, program task.Func[int], check func(t *testing.T, hangs bool, err error)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		all := task.Go(ctx, program, task.Unobserved(func(task.Info, error) {}))
		hangs := false
		select {
		case <-all.Done():
		case <-time.After(time.Hour):
			hangs = true
		}
		check(t, hangs, all.Err())
		cancel()
		time.Sleep(time.Hour) // the cancellation ends the waits of all tasks that were started
	})
}

// In random programs whose parts wait for the task that runs them all, each wait ends.
func TestStormOfCycles(t *testing.T) {
	found := 0
	seed, programs := randomPrograms(t, 400, 60)
	for n := range programs {
		inTask(t, func(ctx context.Context) (int, error) {
			self := task.Current().(number)
			return part{seed + n, 4, []number{self}}.run(ctx)
		}, func(t *testing.T, hangs bool, err error) {
			assert.False(t, hangs, "program %d", n)
			if errors.Is(err, task.ErrDeadlock) {
				found++
			}
		})
	}
	assert.NotZero(t, found)
}

// In random programs whose parts wait for tasks that were started before them, no wait is
// taken for part of a cycle.
func TestStormWithoutCycles(t *testing.T) {
	seed, programs := randomPrograms(t, 40, 6)
	for n := range programs {
		synctest.Test(t, func(t *testing.T) {
			_, err := task.Run(t.Context(), func(ctx context.Context) (nothing, error) {
				var all []number
				for i := range uint64(30) {
					all = append(all, task.Go(ctx, part{seed + 1000*n + i, 3, slices.Clone(all)}.run))
				}
				for _, one := range all {
					_, err := one.Await(ctx)
					assert.NotErrorIs(t, err, task.ErrDeadlock)
				}
				return nothing{}, nil
			}, task.Unobserved(func(_ task.Info, err error) { assert.NotErrorIs(t, err, task.ErrDeadlock) }))
			require.NoError(t, err)
		})
	}
}
