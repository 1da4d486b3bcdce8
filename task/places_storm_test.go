package task_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A maze has tasks in and outside of Groups with a Limit, that wait for random others.
type maze struct {
	t       *testing.T
	ready   chan none
	all     []*task.Task[int]
	cancels bool // tasks are cancelled, so cycles end by themselves

	mu     sync.Mutex
	alarms int
	first  time.Time // when the first of them was
}

// truthful is for how long a wait that was found to be endless is tried again.
const truthful = time.Hour

// wait calls f, which waits. If f returns [task.ErrDeadlock], wait checks that: it calls f
// again, with a ctx that ends after an hour, and the wait must not end before. Everything
// else in a maze takes milliseconds.
func (z *maze) wait(ctx context.Context, f func(ctx context.Context) error) {
	if !errors.Is(f(ctx), task.ErrDeadlock) {
		return
	}
	z.mu.Lock()
	if z.alarms++; z.alarms == 1 {
		z.first = time.Now()
	}
	first := z.first
	z.mu.Unlock()
	early := time.Since(first) < truthful/2
	limited, stop := context.WithTimeout(ctx, truthful)
	defer stop()
	err := f(limited)
	assert.NotErrorIs(z.t, err, task.ErrDeadlock, "it ends by itself")
	if early && !z.cancels && time.Since(first) < truthful {
		z.t.Errorf("a wait that was reported as endless ended with %v", err)
	}
}

// Whatever waits for whatever, and for whatever places, all of it ends, and nothing is
// reported as endless that is not. If a wait never ends and no error is returned, the
// bubble is blocked, and the test fails.
func TestMazesOfPlaces(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rounds := 600
	if testing.Short() || underRace {
		rounds = 120
	}
	alarms := 0
	for round := range rounds {
		r := rand.New(rand.NewPCG(seed, uint64(round)))
		inBubble(t, func(t *testing.T, ctx context.Context) {
			z := &maze{t: t, ready: make(chan none), cancels: round%4 == 0}
			z.run(ctx, r)
			alarms += z.alarms
		})
		require.False(t, t.Failed(), "round %d", round)
	}
	t.Logf("%d alarms", alarms)
	assert.Positive(t, alarms)
}

func (z *maze) run(ctx context.Context, r *rand.Rand) {
	const n, promises = 12, 3
	var lists [promises]task.Members
	var complete [promises]func(int, error) bool
	homes := []context.Context{ctx}
	open := make(chan none)
	var groups sync.WaitGroup
	for range 1 + r.IntN(3) {
		in := make(chan context.Context)
		outer := homes[r.IntN(len(homes))] // beside the other Groups, or within one
		groups.Go(func() {
			_ = task.Group(outer, func(ctx context.Context) error { in <- ctx; <-open; return nil }, task.Limit(1+r.IntN(2)))
		})
		homes = append(homes, <-in)
	}
	for i := range lists {
		var p *task.Task[int]
		p, complete[i] = task.Promise[int](homes[r.IntN(len(homes))], task.CompletedBy(&lists[i]))
		z.all = append(z.all, p)
	}
	for i := range n {
		mine := []int{i % promises}
		opts := []task.Option{task.MemberOf(&lists[i%promises])}
		if k := r.IntN(promises); k != mine[0] && r.IntN(2) == 0 {
			mine, opts = append(mine, k), append(opts, task.MemberOf(&lists[k]))
		}
		work := z.work(r.Uint64(), n+promises)
		z.all = append(z.all, task.Go(homes[r.IntN(len(homes))], func(ctx context.Context) (int, error) {
			defer func() {
				for _, k := range mine {
					complete[k](1, nil)
				}
			}()
			<-z.ready
			work(ctx)
			return 1, nil
		}, opts...))
	}
	close(z.ready)
	close(open)
	if z.cancels {
		time.Sleep(time.Duration(r.IntN(4)) * time.Millisecond)
		z.all[r.IntN(n)].Cancel(errMine)
	}
	for _, one := range z.all {
		_, _ = one.Await(ctx)
	}
	groups.Wait()
}

// work returns the function of a task that waits in a random way.
func (z *maze) work(seed uint64, n int) func(ctx context.Context) {
	return func(ctx context.Context) {
		r := rand.New(rand.NewPCG(seed, 1))
		for range 1 + r.IntN(2) {
			time.Sleep(time.Duration(r.IntN(4)) * time.Millisecond)
			one, two := z.all[r.IntN(n)], z.all[r.IntN(n)]
			await := func(ctx context.Context) error { _, err := one.Await(ctx); return err }
			switch r.IntN(9) {
			case 0, 1, 2:
				z.wait(ctx, await)
			case 3:
				z.wait(ctx, func(ctx context.Context) error { _, _, err := task.Wait(ctx, task.AllCompleted, one, two); return err })
			case 4:
				z.wait(ctx, func(ctx context.Context) error {
					_, _, err := task.Wait(ctx, task.FirstCompleted, one, two)
					return err
				})
			case 5:
				limited, stop := context.WithTimeout(ctx, 2*time.Millisecond)
				assert.NotErrorIs(z.t, await(limited), task.ErrDeadlock)
				stop()
			case 6:
				_ = task.Group(ctx, func(ctx context.Context) error {
					for _, t := range []*task.Task[int]{one, two} {
						task.Start(ctx, func(ctx context.Context) error {
							z.wait(ctx, func(ctx context.Context) error { _, err := t.Await(ctx); return err })
							return nil
						})
					}
					return nil
				}, task.Limit(r.IntN(3)))
			case 7:
				child := task.Start(ctx, func(ctx context.Context) error { z.wait(ctx, await); return nil })
				z.wait(ctx, func(ctx context.Context) error { _, err := child.Await(ctx); return err })
			}
		}
	}
}

// Tasks wait for tasks that were started before them, but for none of their own Group,
// and the Groups begin with the oldest: no cycle can come of that.
func TestNoFalseAlarmOfPlaces(t *testing.T) {
	var alarms atomic.Int32
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		homes := []context.Context{ctx}
		over := make(chan none)
		for limit := range 3 {
			in := make(chan context.Context)
			task.Start(ctx, func(ctx context.Context) error {
				return task.Group(ctx, func(ctx context.Context) error { in <- ctx; <-over; return nil }, task.Limit(limit+1))
			})
			homes = append(homes, <-in)
		}
		type started struct {
			*task.Task[int]
			home int
		}
		var all []started
		for i := range 400 {
			home := i % len(homes)
			var before []*task.Task[int]
			for _, b := range all[max(0, i-7):] {
				if b.home != home || home == 0 {
					before = append(before, b.Task)
				}
			}
			all = append(all, started{task.Go(homes[home], func(ctx context.Context) (int, error) {
				var err error
				switch i % 3 {
				case 0:
					_, _, err = task.Wait(ctx, task.AllCompleted, before...)
				case 1:
					for _, e := range task.AsCompleted(ctx, before...) {
						err = errors.Join(err, e)
					}
				default:
					for _, b := range before {
						_, e := b.Await(ctx)
						err = errors.Join(err, e)
					}
				}
				if err != nil {
					alarms.Add(1)
				}
				return i, nil
			}), home})
		}
		close(over)
		for _, one := range all {
			if _, err := one.Await(ctx); err != nil {
				return none{}, err
			}
		}
		return none{}, nil
	})
	require.NoError(t, err)
	assert.Zero(t, alarms.Load())
}
