package task_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A wait for a Promise is a wait for the tasks that may complete it. Each case closes
// the cycle in its own way.
func TestPromiseInACycle(t *testing.T) {
	waits := map[string]func(ctx context.Context, p *task.Task[int]) (int, error){
		"Await": func(ctx context.Context, p *task.Task[int]) (int, error) { return p.Await(ctx) },
		"Wait": func(ctx context.Context, p *task.Task[int]) (int, error) {
			_, _, err := task.Wait(ctx, task.FirstCompleted, p)
			return 0, err
		},
		"a task of its own": func(ctx context.Context, p *task.Task[int]) (int, error) {
			return task.Go(ctx, p.Await).Await(ctx)
		},
		"Group": func(ctx context.Context, p *task.Task[int]) (int, error) {
			return 0, task.Group(ctx, func(ctx context.Context) error { task.Go(ctx, p.Await); return nil })
		},
		"another Promise": func(ctx context.Context, p *task.Task[int]) (int, error) {
			var m task.Members
			q, complete := task.Promise[int](ctx, task.CompletedBy(&m))
			defer q.Cancel(nil)
			task.Go(ctx, func(ctx context.Context) (int, error) {
				v, err := p.Await(ctx)
				complete(v, err)
				return v, nil
			}, task.MemberOf(&m))
			return q.Await(ctx)
		},
	}
	for name, wait := range waits {
		for _, delays := range [][2]time.Duration{{0, time.Second}, {time.Second, 0}, {0, 0}} {
			t.Run(name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, ctx context.Context) {
					var m task.Members
					p, complete := task.Promise[int](ctx, task.CompletedBy(&m), task.Name("promise"))
					var errs [2]error
					var workers [2]*task.Task[int]
					for i := range workers {
						workers[i] = task.Go(ctx, func(ctx context.Context) (int, error) {
							time.Sleep(delays[i])
							_, errs[i] = wait(ctx, p)
							complete(42, nil) // the task that got the error may still do so
							return 0, nil
						}, task.MemberOf(&m))
					}
					took := elapsed()
					v, err := p.Await(ctx)
					require.NoError(t, err)
					assert.Equal(t, 42, v)
					assert.LessOrEqual(t, took(), time.Second)
					_, _ = workers[0].Await(ctx)
					_, _ = workers[1].Await(ctx)
					assert.ErrorIs(t, errors.Join(errs[0], errs[1]), task.ErrDeadlock)
				})
			})
		}
	}
}

// The last task that could have completed a Promise ends without doing so. No wait
// closes the cycle, and yet it is found.
func TestEndOfTheLastThatGoesOnClosesACycle(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var m task.Members
		p, complete := task.Promise[int](ctx, task.CompletedBy(&m), task.Name("promise"))
		lazy := task.Go(ctx, after(time.Minute, 1), task.MemberOf(&m), task.Name("lazy"))
		var called atomic.Bool
		lazy.OnDone(func(*task.Task[int]) { time.Sleep(time.Second); called.Store(true) })
		worker := task.Start(ctx, func(ctx context.Context) error {
			_, err := p.Await(ctx)
			assert.True(t, called.Load(), "a callback might complete it")
			complete(1, nil)
			return err
		}, task.MemberOf(&m), task.Name("worker"))
		_, err := worker.Await(ctx)
		require.ErrorIs(t, err, task.ErrDeadlock)
		assert.ErrorContains(t, err, `"promise" waits for "worker", "worker" waits for "promise"`)
		v, err := p.Await(ctx)
		require.NoError(t, err, "the error is that of the wait, not of the Promise")
		assert.Equal(t, 1, v)
	})
}

// A task that has ended may complete the Promise in its callbacks, while all others
// wait.
func TestCallbackCompletesAPromise(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var m task.Members
		p, complete := task.Promise[int](ctx, task.CompletedBy(&m))
		task.Go(ctx, after(0, 1), task.MemberOf(&m)).OnDone(func(*task.Task[int]) {
			time.Sleep(time.Minute)
			complete(7, nil)
		})
		v, err := task.Go(ctx, func(ctx context.Context) (int, error) {
			time.Sleep(time.Second)
			return p.Await(ctx)
		}, task.MemberOf(&m)).Await(ctx)
		require.NoError(t, err)
		assert.Equal(t, 7, v)
	})
}

// A wait that is not known to last for ever is left alone.
func TestPromiseInNoCycle(t *testing.T) {
	tests := []struct {
		name, reason string
		opts         func(ctx context.Context, m *task.Members) []task.Option
	}{
		{"anybody", "a Promise without the option may be completed by any goroutine that has the function", func(context.Context, *task.Members) []task.Option { return nil }},
		{"another", "one of the list goes on", func(ctx context.Context, m *task.Members) []task.Option {
			task.Go(ctx, after(time.Hour, 1), task.MemberOf(m))
			return []task.Option{task.CompletedBy(m)}
		}},
		{"none", "the list is empty, so nothing is known", func(context.Context, *task.Members) []task.Option {
			return []task.Option{task.CompletedBy(new(task.Members))}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			inBubble(t, func(t *testing.T, ctx context.Context) {
				var m task.Members
				p, complete := task.Promise[int](ctx, tt.opts(ctx, &m)...)
				worker := task.Go(ctx, p.Await, task.MemberOf(&m))
				time.AfterFunc(time.Minute, func() { complete(7, nil) })
				v, err := worker.Await(ctx)
				require.NoError(t, err)
				assert.Equal(t, 7, v)
			})
		})
	}
}

// A task that has completed the Promise waits for it before the Promise has noticed.
func TestPromiseThatIsCompletedIsInNoCycle(t *testing.T) {
	for range 2000 {
		var m task.Members
		p, complete := task.Promise[int](t.Context(), task.CompletedBy(&m))
		worker := task.Go(t.Context(), func(ctx context.Context) (int, error) {
			complete(7, nil)
			return p.Await(ctx)
		}, task.MemberOf(&m))
		v, err := worker.Await(t.Context())
		require.NoError(t, err)
		require.Equal(t, 7, v)
	}
}

// Tasks wait for random tasks, and for Promises that random tasks complete when they
// end. All of these waits end. If one of them is stuck for ever and gets no error, the
// bubble fails.
func TestNoCycleIsMissed(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rounds := 300
	if testing.Short() || underRace {
		rounds = 60
	}
	told := 0
	for round := range rounds {
		r := rand.New(rand.NewPCG(seed, uint64(round)))
		inBubble(t, func(t *testing.T, ctx context.Context) {
			const n = 8
			var lists [n / 2]task.Members
			var complete [n / 2]func(int, error) bool
			all := make([]*task.Task[int], 0, n+n/2)
			for i := range lists {
				var p *task.Task[int]
				p, complete[i] = task.Promise[int](ctx, task.CompletedBy(&lists[i]))
				all = append(all, p)
			}
			ready := make(chan none)
			var deadlocks atomic.Int32
			for i := range n {
				opts := []task.Option{task.MemberOf(&lists[i/2])} // each list has two at least
				mine := []int{i / 2}
				for range r.IntN(3) {
					k := r.IntN(len(lists))
					opts, mine = append(opts, task.MemberOf(&lists[k])), append(mine, k)
				}
				kind, pause := r.IntN(4), time.Duration(r.IntN(4))*time.Millisecond
				one, two, nobody := r.IntN(n+n/2), r.IntN(n+n/2), r.IntN(4) == 0
				all = append(all, task.Go(ctx, func(ctx context.Context) (int, error) {
					defer func() {
						for _, k := range mine {
							complete[k](i, nil)
						}
					}()
					<-ready
					time.Sleep(pause)
					var err error
					switch {
					case nobody:
					case kind == 0:
						_, _, err = task.Wait(ctx, task.AllCompleted, all[one], all[two])
					case kind == 1:
						_, _, err = task.Wait(ctx, task.FirstCompleted, all[one], all[two])
					case kind == 2:
						over := make(chan struct{})
						stop := all[one].OnDone(func(*task.Task[int]) { close(over) })
						defer stop()
						var m *task.Members
						if m = &lists[one%len(lists)]; one >= len(lists) {
							_, err = all[one].Await(ctx)
							break
						}
						err = m.Until(ctx, over)
					default:
						_, err = all[one].Await(ctx)
					}
					if errors.Is(err, task.ErrDeadlock) {
						deadlocks.Add(1)
					}
					return i, nil
				}, opts...))
			}
			close(ready)
			for _, one := range all {
				_, err := one.Await(ctx)
				assert.NoError(t, err)
			}
			told += int(deadlocks.Load())
		})
	}
	assert.Positive(t, told)
}

// Where no wait in the cycle can return an error, the Promise fails.
func TestPromiseThatNothingCanComplete(t *testing.T) {
	for name, end := range map[string]func(context.Context, func(context.Context)) error{
		"Group": func(ctx context.Context, body func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error { body(ctx); return nil })
		},
		"Group in a Group": func(ctx context.Context, body func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error {
				return task.Group(ctx, func(ctx context.Context) error { body(ctx); return nil })
			})
		},
		"Group that still runs": func(ctx context.Context, body func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error {
				body(ctx)
				return task.Sleep(ctx, time.Second)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				var m task.Members
				var p *task.Task[int]
				var complete func(int, error) bool
				holder := task.Go(ctx, func(ctx context.Context) (int, error) {
					return 0, end(ctx, func(ctx context.Context) {
						p, complete = task.Promise[int](ctx, task.CompletedBy(&m), task.Name("promise"))
					})
				}, task.MemberOf(&m), task.Name("holder"))
				_, err := holder.Await(context.Background())
				require.ErrorIs(t, err, task.ErrDeadlock)
				assert.ErrorContains(t, err, `"promise"`)
				assert.ErrorContains(t, err, `"holder"`)
				assert.False(t, complete(42, nil))
				var of *task.Error
				require.ErrorAs(t, p.Err(), &of)
				assert.Equal(t, "complete", of.Op)
			})
		})
	}
}

// A Promise that is completed, by a member that only ends a Group, is no cycle.
func TestPromiseThatAnotherMemberCompletes(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var m task.Members
		got := make(chan func(int, error) bool, 1)
		ready := make(chan none) // tasks that may yet be added are not considered
		holder := task.Go(ctx, func(ctx context.Context) (int, error) {
			<-ready
			return 0, task.Group(ctx, func(ctx context.Context) error {
				_, complete := task.Promise[int](ctx, task.CompletedBy(&m))
				got <- complete
				return nil
			})
		}, task.MemberOf(&m))
		task.Go(ctx, func(ctx context.Context) (int, error) {
			time.Sleep(time.Second)
			assert.True(t, (<-got)(42, nil))
			return 0, nil
		}, task.MemberOf(&m))
		close(ready)
		_, err := holder.Await(ctx)
		require.NoError(t, err)
	})
}
