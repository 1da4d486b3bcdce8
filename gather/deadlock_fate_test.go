package gather_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// A fate is how a part of a program ends if no wait gets an ErrDeadlock.
type fate int

const (
	isStuck fate = iota
	succeeds
	fails
)

var errLeaf = errors.New("leaf")

// A fated is a part of a random program, and its fate.
type fated struct {
	name string
	fate fate
	run  func(ctx context.Context) error
}

// A fates makes random programs.
type fates struct {
	r      *rand.Rand
	root   func() *task.Task[int]
	alarms *atomic.Int32
	pstuck float64
}

// pre makes p sleep before it runs.
func (g *fates) pre(p fated) fated {
	d := time.Duration(g.r.IntN(4)) * time.Second
	run := p.run
	p.run = func(ctx context.Context) error {
		time.Sleep(d)
		return run(ctx)
	}
	p.name = fmt.Sprintf("%d:%s", d/time.Second, p.name)
	return p
}

// quick returns a task that ends at once.
func quick(ctx context.Context) *task.Task[int] {
	return task.Go(ctx, func(context.Context) (int, error) { return 0, nil })
}

// see counts err if it is an ErrDeadlock.
func (g *fates) see(err error) error {
	if errors.Is(err, task.ErrDeadlock) {
		g.alarms.Add(1)
	}
	return err
}

// leaf returns a part that waits for the whole program, or sleeps.
func (g *fates) leaf() fated {
	if g.r.Float64() < g.pstuck {
		switch g.r.IntN(3) {
		case 0:
			return fated{"await", isStuck, func(ctx context.Context) error { _, err := g.root().Await(ctx); return g.see(err) }}
		case 1:
			return fated{"wait", isStuck, func(ctx context.Context) error {
				_, _, err := task.Wait(ctx, task.AllCompleted, g.root(), quick(ctx))
				return g.see(err)
			}}
		default:
			return fated{"ascomp", isStuck, func(ctx context.Context) (err error) {
				for _, e := range task.AsCompleted(ctx, g.root(), quick(ctx)) {
					if e != nil {
						err = g.see(e)
					}
				}
				return err
			}}
		}
	}
	d := time.Duration(g.r.IntN(6)) * time.Second
	f := succeeds
	var e error
	if g.r.IntN(3) == 0 {
		f, e = fails, errLeaf
	}
	return fated{fmt.Sprintf("sleep%d/%d", d/time.Second, f), f, func(ctx context.Context) error {
		if err := task.Sleep(ctx, d); err != nil {
			return err
		}
		return e
	}}
}

// node returns a part that waits for parts of it, in is whether it is in a task.Group: that
// waits for all tasks in it, whatever is about to cancel them.
func (g *fates) node(depth int, in bool) fated {
	if depth == 0 || g.r.IntN(5) == 0 {
		return g.pre(g.leaf())
	}
	k := g.r.IntN(9)
	for in && k == 3 {
		k = g.r.IntN(9)
	}
	var ps []fated
	n := 1 + g.r.IntN(3)
	for range n {
		ps = append(ps, g.node(depth-1, in || k == 3))
	}
	name := ""
	anyStuck, allStuck, ok := false, true, false
	for _, p := range ps {
		name += p.name + " "
		if p.fate == isStuck {
			anyStuck = true
		} else {
			allStuck = false
		}
		if p.fate == succeeds {
			ok = true
		}
	}
	and := succeeds
	if anyStuck {
		and = isStuck
	}
	absorb := func(f func(context.Context) error) func(ctx context.Context) (int, error) {
		return func(ctx context.Context) (int, error) { f(ctx); return 0, nil }
	}
	var fs, raw []task.Func[int]
	for _, p := range ps {
		fs = append(fs, absorb(p.run))
		raw = append(raw, func(ctx context.Context) (int, error) { return 0, p.run(ctx) })
	}
	switch k {
	case 0:
		return g.pre(fated{"All(" + name + ")", and, func(ctx context.Context) error {
			_, err := gather.All(ctx, fs...)
			return err
		}})
	case 1:
		lim := 1 + g.r.IntN(3)
		return g.pre(fated{"Map(" + name + ")", and, func(ctx context.Context) error {
			_, err := gather.Map(ctx, fs, gather.Call, gather.Limit(lim))
			return err
		}})
	case 2:
		d := time.Duration(g.r.IntN(3)) * time.Second
		return g.pre(fated{"Group(" + name + ")", and, func(ctx context.Context) error {
			gg, ctx := gather.WithContext(ctx)
			for _, f := range fs {
				gg.Go(func() error { f(ctx); return nil })
			}
			time.Sleep(d)
			return gg.Wait()
		}})
	case 3:
		return g.pre(fated{"tGroup(" + name + ")", and, func(ctx context.Context) error {
			return task.Group(ctx, func(ctx context.Context) error {
				for _, f := range fs {
					task.Go(ctx, f)
				}
				return nil
			})
		}})
	case 4, 5:
		f := succeeds
		if allStuck {
			f = isStuck
		}
		return g.pre(fated{"Race(" + name + ")", f, func(ctx context.Context) error { gather.Race(ctx, raw...); return nil }})
	case 6, 7:
		f := succeeds
		if anyStuck && !ok {
			f = isStuck
		}
		return g.pre(fated{"Any(" + name + ")", f, func(ctx context.Context) error { gather.Any(ctx, raw...); return nil }})
	default:
		return g.pre(fated{"Loop(" + name + ")", and, func(ctx context.Context) error {
			var ts []*task.Task[int]
			for range fs {
				ts = append(ts, quick(ctx))
			}
			i := 0
			for range task.AsCompleted(ctx, ts...) {
				fs[i](ctx)
				i++
			}
			return nil
		}})
	}
}

// In random programs whose parts wait for the task that runs them all, there is an
// ErrDeadlock if the program cannot end, and none if it can.
func TestStormOfRaces(t *testing.T) {
	seed, programs := randomPrograms(t, 2000, 300)
	for i := range programs {
		var alarms atomic.Int32
		var self *task.Task[int]
		r := rand.New(rand.NewPCG(seed, i))
		g := &fates{r: r, root: func() *task.Task[int] { return self }, alarms: &alarms, pstuck: 0.3 + 0.5*r.Float64()}
		p := g.node(1+r.IntN(4), false)
		inTask(t, func(ctx context.Context) (int, error) {
			self = task.Current().(*task.Task[int])
			return 0, p.run(ctx)
		}, func(t *testing.T, hangs bool, _ error) {
			switch {
			case hangs:
				t.Errorf("seed %d, program %d hangs: %s", seed, i, p.name)
			case p.fate != isStuck && alarms.Load() > 0:
				t.Errorf("seed %d, program %d can end: %s", seed, i, p.name)
			case p.fate == isStuck && alarms.Load() == 0:
				t.Errorf("seed %d, program %d cannot end: %s", seed, i, p.name)
			}
		})
		if t.Failed() {
			return
		}
	}
}
