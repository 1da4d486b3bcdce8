package task_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A placesTest is a scene with Groups that have a Limit. Its waits are made with the
// methods, which note what comes of them.
type placesTest struct {
	t   *testing.T
	ctx context.Context // of no Group

	mu     sync.Mutex
	alarms []error
}

// saw notes the error of a wait.
func (p *placesTest) saw(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(err, task.ErrDeadlock) {
		p.alarms = append(p.alarms, err)
		return nil
	}
	return err
}

// await returns a function that waits for the task in t, which may be started later.
func (p *placesTest) await(t **task.Task[int]) task.Func[int] {
	return func(ctx context.Context) (int, error) {
		_, err := (*t).Await(ctx)
		return 1, p.saw(err)
	}
}

// limited runs body in a Group with a Limit, which it waits for outside of any task.
func (p *placesTest) limited(limit int, body func(ctx context.Context)) {
	_ = task.Group(p.ctx, func(ctx context.Context) error { body(ctx); return nil }, task.Limit(limit))
}

// after returns a function that calls f after d, when all that is to be assigned is.
func (p *placesTest) after(d time.Duration, f task.Func[int]) task.Func[int] {
	return func(ctx context.Context) (int, error) {
		time.Sleep(d)
		synctest.Wait()
		return f(ctx)
	}
}

// later starts a task outside of all Groups that calls f after a second.
func (p *placesTest) later(f task.Func[int], opts ...task.Option) *task.Task[int] {
	return task.Go(p.ctx, p.after(time.Second, f), opts...)
}

func one1(context.Context) (int, error) { return 1, nil }

// Each scene is a cycle through places, and one wait in it gets the error.
func TestCyclesThroughPlaces(t *testing.T) {
	scenes := []struct {
		name, reason string
		run          func(p *placesTest)
	}{
		{"a Promise", "only a queued task would complete it", func(p *placesTest) {
			var m task.Members
			promise, complete := task.Promise[int](p.ctx, task.CompletedBy(&m))
			defer promise.Cancel(nil)
			p.limited(1, func(ctx context.Context) {
				task.Go(ctx, func(ctx context.Context) (int, error) {
					time.Sleep(time.Second)
					return p.await(&promise)(ctx)
				})
				task.Go(ctx, func(context.Context) (int, error) { complete(1, nil); return 1, nil }, task.MemberOf(&m))
			})
		}},
		{"Members.Until", "the same for a channel", func(p *placesTest) {
			var m task.Members
			done := make(chan struct{})
			p.limited(1, func(ctx context.Context) {
				outer := p.later(func(ctx context.Context) (int, error) { return 1, p.saw(m.Until(ctx, done)) })
				task.Go(ctx, p.await(&outer))
				task.Go(ctx, func(context.Context) (int, error) { close(done); return 1, nil }, task.MemberOf(&m))
			})
		}},
		{"a task outside", "it awaits a queued one", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued *task.Task[int]
				outer := p.later(p.await(&queued))
				task.Go(ctx, p.await(&outer))
				queued = task.Go(ctx, one1)
			})
		}},
		{"a task with a place", "its wait closes the cycle", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued *task.Task[int]
				ready := make(chan none)
				outer := task.Go(p.ctx, func(ctx context.Context) (int, error) { <-ready; return p.await(&queued)(ctx) })
				task.Go(ctx, func(ctx context.Context) (int, error) {
					time.Sleep(time.Second)
					return p.await(&outer)(ctx)
				})
				queued = task.Go(ctx, one1)
				close(ready)
			})
		}},
		{"several places", "all of them are taken by those who wait", func(p *placesTest) {
			p.limited(3, func(ctx context.Context) {
				var queued *task.Task[int]
				outer := p.later(p.await(&queued))
				for range 3 {
					task.Go(ctx, p.await(&outer))
				}
				for range 20 {
					task.Go(ctx, one1)
				}
				queued = task.Go(ctx, one1)
			})
		}},
		{"the last place", "the wait of the last that goes on closes the cycle", func(p *placesTest) {
			p.limited(2, func(ctx context.Context) {
				var queued *task.Task[int]
				outer := p.later(p.await(&queued))
				task.Go(ctx, p.await(&outer))
				task.Go(ctx, func(ctx context.Context) (int, error) {
					time.Sleep(2 * time.Second)
					return p.await(&outer)(ctx)
				})
				queued = task.Go(ctx, one1)
			})
		}},
		{"Wait for all", "one of them is queued", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued *task.Task[int]
				outer := p.later(func(ctx context.Context) (int, error) {
					_, _, err := task.Wait(ctx, task.AllCompleted, task.Go(ctx, after(time.Hour, 1)), queued)
					return 1, p.saw(err)
				})
				task.Go(ctx, p.await(&outer))
				queued = task.Go(ctx, one1)
			})
		}},
		{"Wait for the first", "all of them are queued", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued [2]*task.Task[int]
				outer := p.later(func(ctx context.Context) (int, error) {
					_, _, err := task.Wait(ctx, task.FirstCompleted, queued[:]...)
					return 1, p.saw(err)
				})
				task.Go(ctx, p.await(&outer))
				queued[0], queued[1] = task.Go(ctx, one1), task.Go(ctx, one1)
			})
		}},
		{"two Groups", "in each a task has the place that one awaited in the other needs", func(p *placesTest) {
			var queued [2]*task.Task[int]
			var wg sync.WaitGroup
			ready := make(chan none)
			for i := range 2 {
				wg.Go(func() {
					p.limited(1, func(ctx context.Context) {
						task.Go(ctx, func(ctx context.Context) (int, error) {
							<-ready
							time.Sleep(time.Duration(i) * time.Second)
							return p.await(&queued[1-i])(ctx)
						})
						queued[i] = task.Go(ctx, one1)
					})
				})
			}
			synctest.Wait()
			close(ready)
			wg.Wait()
		}},
		{"a Group in a task", "of the outer one the place is taken by the task that opened it", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var outer, queued *task.Task[int]
				task.Go(ctx, func(ctx context.Context) (int, error) {
					return 1, task.Group(ctx, func(ctx context.Context) error {
						var below *task.Task[int]
						outer = p.later(func(ctx context.Context) (int, error) {
							_, _, err := task.Wait(ctx, task.FirstCompleted, queued, below)
							return 1, p.saw(err)
						})
						task.Go(ctx, p.await(&outer))
						below = task.Go(ctx, one1)
						_, err := p.await(&outer)(ctx) // with both places taken
						return err
					}, task.Limit(1))
				})
				queued = task.Go(ctx, one1)
			})
		}},
		{"the end of a Group", "it can be given no error, and it does not lend the place", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued *task.Task[int]
				task.Go(ctx, func(context.Context) (int, error) {
					return 1, task.Group(p.ctx, func(ctx context.Context) error {
						task.Go(ctx, p.after(time.Second, p.await(&queued)))
						time.Sleep(2 * time.Second)
						return nil
					})
				})
				queued = task.Go(ctx, one1)
			})
		}},
		{"a place to come back", "the task that has it waits for the one that lent it", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var lender *task.Task[int]
				outer := p.later(p.await(&lender))
				lender = task.Go(ctx, func(ctx context.Context) (int, error) {
					promise, complete := task.Promise[int](ctx)
					task.Go(ctx, p.await(&outer)) // has the place meanwhile
					time.AfterFunc(2*time.Second, func() { complete(1, nil) })
					return p.await(&promise)(ctx)
				})
			})
		}},
		{"a place to come back, awaited later", "the wait for the one that lent it closes the cycle", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var lender *task.Task[int]
				outer := p.later(p.await(&lender))
				lender = task.Go(ctx, func(ctx context.Context) (int, error) {
					promise, complete := task.Promise[int](ctx)
					task.Go(ctx, p.await(&outer))
					time.AfterFunc(time.Second/2, func() { complete(1, nil) })
					return p.await(&promise)(ctx)
				})
			})
		}},
		{"queued last", "somebody waits for it already", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var m task.Members
				done := make(chan struct{})
				outer := task.Go(p.ctx, func(ctx context.Context) (int, error) { return 1, p.saw(m.Until(ctx, done)) })
				task.Go(ctx, p.await(&outer))
				time.Sleep(time.Second)
				task.Go(ctx, func(context.Context) (int, error) { close(done); return 1, nil }, task.MemberOf(&m))
				synctest.Wait()
			})
		}},
		{"more tasks than places", "one of them was cancelled, and whether it goes on does not matter", func(p *placesTest) {
			p.limited(1, func(ctx context.Context) {
				var queued *task.Task[int]
				outer := task.Go(p.ctx, p.after(time.Minute, p.await(&queued)))
				lender := task.Go(ctx, func(ctx context.Context) (int, error) {
					promise, complete := task.Promise[int](context.WithoutCancel(ctx))
					task.Go(context.WithoutCancel(ctx), p.await(&outer))
					time.AfterFunc(time.Second, func() { complete(1, nil) })
					_, _ = promise.Await(ctx)
					time.Sleep(time.Hour) // it has no place, and another task has the only one
					return 1, nil
				})
				time.Sleep(2 * time.Second)
				queued = task.Go(ctx, one1)
				lender.Cancel(errMine)
				took := elapsed()
				_, err := outer.Await(ctx)
				assert.NoError(p.t, err)
				assert.Less(p.t, took(), time.Hour)
			})
		}},
	}
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			require.NotEmpty(t, scene.reason)
			inBubble(t, func(t *testing.T, ctx context.Context) {
				p := &placesTest{t: t, ctx: ctx}
				scene.run(p)
				require.Len(t, p.alarms, 1, "one is enough")
				assert.ErrorContains(t, p.alarms[0], "waits for")
			})
		})
	}
}

// The error names who waits for whom: a task without a place waits for those with one.
func TestCycleThroughAPlaceIsNamed(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		p := &placesTest{t: t, ctx: ctx}
		p.limited(1, func(ctx context.Context) {
			var queued *task.Task[int]
			outer := p.later(p.await(&queued), task.Name("outer"))
			task.Go(ctx, p.await(&outer), task.Name("holder"))
			queued = task.Go(ctx, one1, task.Name("queued"))
		})
		require.Len(t, p.alarms, 1)
		assert.EqualError(t, p.alarms[0], `task: await "queued": deadlock: "outer" waits for "queued", "queued" waits for "holder", "holder" waits for "outer"`)
	})
}
