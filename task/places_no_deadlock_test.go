package task_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A deadlineCtx is of a user's type, and alone knows of its deadline.
type deadlineCtx struct {
	context.Context
	at time.Time
}

func (c *deadlineCtx) Deadline() (time.Time, bool) { return c.at, true }

// In each scene something goes on by itself.
func TestPlacesThatAreNoDeadlock(t *testing.T) {
	// waitForQueued runs a Group in which one task has the only place and awaits an outer
	// one, which awaits one that start starts, and which is queued.
	waitForQueued := func(p *placesTest, start func(ctx context.Context) *task.Task[int]) {
		p.limited(1, func(ctx context.Context) {
			var queued *task.Task[int]
			outer := p.later(func(ctx context.Context) (int, error) {
				_, _ = queued.Await(ctx)
				return 1, nil
			})
			task.Go(ctx, p.await(&outer))
			queued = start(ctx)
			assert.Equal(p.t, task.Queued, queued.State())
		})
	}
	scenes := []struct {
		name, reason string
		run          func(p *placesTest)
	}{
		{"one goes on", "and will give its place back", func(p *placesTest) {
			p.limited(2, func(ctx context.Context) {
				var queued *task.Task[int]
				outer := p.later(p.await(&queued))
				task.Go(ctx, p.await(&outer))
				task.Go(ctx, after(time.Minute, 1))
				queued = task.Go(ctx, one1)
			})
		}},
		{"a limit of the queued task", "it leaves the queue", func(p *placesTest) {
			waitForQueued(p, func(ctx context.Context) *task.Task[int] { return task.Go(ctx, one1, task.Timeout(time.Minute)) })
		}},
		{"a deadline of the queued task's ctx", "it leaves the queue", func(p *placesTest) {
			waitForQueued(p, func(ctx context.Context) *task.Task[int] {
				ctx, stop := context.WithTimeout(ctx, time.Minute)
				p.t.Cleanup(stop)
				return task.Go(ctx, one1)
			})
		}},
		{"a ctx of a user's", "it says when it ends", func(p *placesTest) {
			waitForQueued(p, func(ctx context.Context) *task.Task[int] {
				ctx, stop := context.WithCancel(ctx)
				time.AfterFunc(time.Minute, stop)
				return task.Go(&deadlineCtx{ctx, time.Now().Add(time.Minute)}, one1)
			})
		}},
		{"a ctx around a user's", "nobody but that knows of its deadline", func(p *placesTest) {
			waitForQueued(p, func(ctx context.Context) *task.Task[int] {
				ctx, stop := context.WithCancel(ctx)
				time.AfterFunc(time.Minute, stop)
				around, cancel := context.WithCancel(&deadlineCtx{ctx, time.Now().Add(time.Minute)})
				p.t.Cleanup(cancel)
				return task.Go(around, one1)
			})
		}},
		{"the wait of the one with a place", "it has a limit", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued *task.Task[int]
				outer := p.later(p.await(&queued))
				task.Go(ctx, func(ctx context.Context) (int, error) {
					ctx, stop := context.WithTimeout(ctx, time.Minute)
					defer stop()
					_, err := outer.Await(ctx)
					assert.ErrorIs(p.t, p.saw(err), context.DeadlineExceeded)
					return 1, nil
				})
				queued = task.Go(ctx, one1)
			})
		}},
		{"it waits for the first", "another is to come", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued *task.Task[int]
				outer := p.later(p.await(&queued))
				task.Go(ctx, func(ctx context.Context) (int, error) {
					_, _, err := task.Wait(ctx, task.FirstCompleted, outer, task.Go(p.ctx, after(time.Minute, 1)))
					return 1, p.saw(err)
				})
				queued = task.Go(ctx, one1)
			})
		}},
		{"it lends its place", "the queued task has that meanwhile", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued *task.Task[int]
				promise, complete := task.Promise[int](ctx)
				outer := p.later(func(ctx context.Context) (int, error) {
					defer complete(1, nil)
					return p.await(&queued)(ctx)
				})
				task.Go(ctx, func(ctx context.Context) (int, error) {
					_, _, err := task.Wait(ctx, task.AllCompleted, promise, outer)
					return 1, p.saw(err)
				})
				queued = task.Go(ctx, one1)
			})
		}},
		{"the end of a Group", "it lends the place", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued *task.Task[int]
				task.Go(ctx, func(ctx context.Context) (int, error) {
					return 1, task.Group(ctx, func(ctx context.Context) error {
						task.Go(ctx, p.after(time.Second, p.await(&queued)))
						time.Sleep(2 * time.Second)
						return nil
					}, task.Limit(1))
				})
				queued = task.Go(ctx, one1)
			})
		}},
		{"a place to come back", "the ctx of the wait has a deadline, and then it is done without", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var lender *task.Task[int]
				outer := p.later(p.await(&lender))
				lender = task.Go(ctx, func(ctx context.Context) (int, error) {
					promise, complete := task.Promise[int](ctx)
					task.Go(ctx, p.await(&outer))
					time.AfterFunc(2*time.Second, func() { complete(1, nil) })
					limited, stop := context.WithTimeout(ctx, time.Minute)
					defer stop()
					return p.await(&promise)(limited)
				})
			})
		}},
		{"the end of a Group with a limit", "it does not wait for its place for longer", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var lender *task.Task[int]
				outer := p.later(p.await(&lender))
				lender = task.Go(ctx, func(ctx context.Context) (int, error) {
					inner := ctx
					return 1, task.Group(ctx, func(ctx context.Context) error {
						promise, complete := task.Promise[int](ctx)
						task.Go(inner, p.await(&outer))
						time.AfterFunc(2*time.Second, func() { complete(1, nil) })
						task.Go(ctx, p.await(&promise))
						return nil
					}, task.Timeout(time.Minute))
				})
			})
		}},
	}
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			require.NotEmpty(t, scene.reason)
			inBubble(t, func(t *testing.T, ctx context.Context) {
				p := &placesTest{t: t, ctx: ctx}
				took := elapsed()
				scene.run(p)
				assert.Empty(t, p.alarms)
				assert.LessOrEqual(t, took(), time.Hour)
			})
		})
	}
}

// Those in a cycle that will end by itself are marked in the tree.
func TestCycleThroughAPlaceInTheTree(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		p := &placesTest{t: t, ctx: ctx}
		p.limited(2, func(ctx context.Context) {
			var queued *task.Task[int]
			outer := p.later(func(ctx context.Context) (int, error) { _, _ = queued.Await(ctx); return 1, nil })
			holders := []*task.Task[int]{task.Go(ctx, p.await(&outer)), task.Go(ctx, p.await(&outer))}
			queued = task.Go(ctx, one1, task.Timeout(time.Minute))
			other := task.Go(ctx, one1)
			time.Sleep(2 * time.Second)
			synctest.Wait()
			infos := make(map[uint64]task.Info)
			for _, info := range task.Snapshot().Tasks {
				infos[info.ID] = info
			}
			for _, in := range []*task.Task[int]{outer, holders[0], holders[1], queued} {
				assert.True(t, infos[in.ID()].Deadlock, in.Name())
				assert.Equal(t, outer.ID(), infos[in.ID()].Cycle)
			}
			assert.ElementsMatch(t, []uint64{holders[0].ID(), holders[1].ID()}, infos[queued.ID()].WaitsFor)
			assert.False(t, infos[other.ID()].Deadlock, "nobody waits for it, but its Group does")
			assert.Empty(t, infos[other.ID()].WaitsFor)
		})
		assert.Empty(t, p.alarms)
	})
}
