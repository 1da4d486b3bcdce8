package gather_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

type (
	nothing = struct{}
	jobFunc = func(ctx context.Context, item int) (int, error)
)

// endsWithin returns how t ends within a minute of the bubble's time.
func endsWithin(t *task.Task[nothing]) error {
	select {
	case <-t.Done():
		return t.Err()
	case <-time.After(time.Minute):
		t.Cancel(nil)
		return errors.New("it hangs")
	}
}

var items = []int{0, 1, 2}

// The calls in which the caller waits until all jobs have ended.
var callsForAll = map[string]func(ctx context.Context, job jobFunc) error{
	"Map": func(ctx context.Context, job jobFunc) error { _, err := gather.Map(ctx, items, job); return err },
	"Map with a limit": func(ctx context.Context, job jobFunc) error {
		_, err := gather.Map(ctx, items, job, gather.Limit(1))
		return err
	},
	"Map with weights": func(ctx context.Context, job jobFunc) error {
		_, err := gather.Map(ctx, items, job, gather.Weight(2, func(int) int64 { return 1 }))
		return err
	},
	"Each": func(ctx context.Context, job jobFunc) error {
		return gather.Each(ctx, items, func(ctx context.Context, i int) error { _, err := job(ctx, i); return err })
	},
	"All": func(ctx context.Context, job jobFunc) error {
		_, err := gather.All(ctx, func(ctx context.Context) (int, error) { return job(ctx, 0) })
		return err
	},
	"Settled": func(ctx context.Context, job jobFunc) error {
		return gather.Settled(ctx, func(ctx context.Context) (int, error) { return job(ctx, 0) })[0].Err
	},
	"Race": func(ctx context.Context, job jobFunc) error {
		one := func(ctx context.Context) (int, error) { return job(ctx, 0) }
		_, err := gather.Race(ctx, one, one)
		return err
	},
	"Any": func(ctx context.Context, job jobFunc) error {
		_, err := gather.Any(ctx, func(ctx context.Context) (int, error) { return job(ctx, 0) },
			func(ctx context.Context) (int, error) {
				_ = task.Sleep(ctx, 2*time.Second)
				return 0, errors.New("the last other")
			})
		return err
	},
	"Group": func(ctx context.Context, job jobFunc) error {
		g, ctx := gather.WithContext(ctx)
		g.Go(func() error { _, err := job(ctx, 0); return err })
		return g.Wait()
	},
	"Group that waits late": func(ctx context.Context, job jobFunc) error {
		g, ctx := gather.WithContext(ctx)
		g.Go(func() error { _, err := job(ctx, 0); return err })
		time.Sleep(time.Second)
		return g.Wait()
	},
	"nested": func(ctx context.Context, job jobFunc) error {
		return gather.Each(ctx, items, func(ctx context.Context, _ int) error { _, err := gather.Map(ctx, items, job); return err })
	},
}

// A job that waits for the task that made the call, in any way, gets an error.
func TestJobThatAwaitsItsCaller(t *testing.T) {
	for kind, call := range callsForAll {
		for way, wait := range waysBack {
			t.Run(kind+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					caller := task.Start(t.Context(), func(ctx context.Context) error {
						self := task.Current().(*task.Task[nothing])
						told := make(chan error, 200) // not each kind of call returns it
						err := call(ctx, func(ctx context.Context, _ int) (int, error) {
							err := wait(ctx, self)
							told <- err
							return 0, err
						})
						return errors.Join(err, <-told)
					}, task.Name("caller"))
					err := endsWithin(caller)
					require.ErrorIs(t, err, task.ErrDeadlock)
					assert.Contains(t, err.Error(), `"caller"`)
					time.Sleep(time.Minute) // a task of a job that began when another had failed sleeps on
				})
			})
		}
	}
}

// A call belongs to the task that makes it, and not to the one whose ctx it is given.
func TestJobThatAwaitsItsCallerInACallWithAnothersCtx(t *testing.T) {
	test := func(name string, call func(context.Context, jobFunc) error, given func(context.Context) context.Context) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := make(chan nothing)
				other := make(chan context.Context, 1)
				idle := task.Start(t.Context(), func(ctx context.Context) error { other <- ctx; <-over; return nil })
				caller := task.Start(t.Context(), func(context.Context) error {
					self := task.Current().(*task.Task[nothing])
					told := make(chan error, 200) // not each kind of call returns it
					err := call(given(<-other), func(ctx context.Context, _ int) (int, error) {
						_, err := self.Await(ctx)
						told <- err
						return 0, err
					})
					return errors.Join(err, <-told)
				})
				assert.ErrorIs(t, endsWithin(caller), task.ErrDeadlock)
				close(over)
				_, err := idle.Await(t.Context())
				assert.NoError(t, err)
			})
		})
	}
	for name, call := range callsForAll {
		test(name, call, func(ctx context.Context) context.Context { return ctx })
		test(name+" and no task's ctx", call, func(context.Context) context.Context { return context.Background() })
	}
}

// A job gets the error too if it waits for a task that is queued behind the one that made
// the call.
func TestJobThatAwaitsAQueuedTask(t *testing.T) {
	for kind, call := range callsForAll {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told := make(chan error, 200)
				_ = task.Group(t.Context(), func(ctx context.Context) error {
					var queued *task.Task[nothing]
					ready := make(chan nothing)
					task.Start(ctx, func(ctx context.Context) error {
						<-ready
						return call(ctx, func(ctx context.Context, _ int) (int, error) {
							time.Sleep(time.Second) // all jobs are started by then
							_, err := queued.Await(ctx)
							told <- err
							return 0, err
						})
					})
					queued = task.Start(ctx, func(context.Context) error { return nil })
					close(ready)
					return nil
				}, task.Limit(1), task.FailFast(false))
				assert.ErrorIs(t, <-told, task.ErrDeadlock)
			})
		})
	}
}

// A function at the gate of a call does not lend the place of the task either.
func TestGateThatAwaitsAQueuedTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error {
			var queued *task.Task[nothing]
			ready := make(chan nothing)
			task.Start(ctx, func(ctx context.Context) error {
				<-ready
				return gather.Each(ctx, items, func(ctx context.Context, i int) error {
					return task.Sleep(ctx, time.Second)
				}, gather.Weight(10, func(i int) int64 {
					_, err := queued.Await(ctx)
					assert.ErrorIs(t, err, task.ErrDeadlock)
					return 1
				}))
			})
			queued = task.Start(ctx, func(context.Context) error { return nil })
			close(ready)
			return nil
		}, task.Limit(1)))
	})
}

// A wait for jobs that go on, or that have been cancelled, is not a deadlock.
func TestJobsThatAreNoDeadlock(t *testing.T) {
	tests := map[string]struct {
		reason string
		run    func(ctx context.Context, self *task.Task[nothing]) error
	}{
		"Race": {"the other job ends the call", func(ctx context.Context, self *task.Task[nothing]) error {
			v, err := gather.Race(ctx, func(ctx context.Context) (int, error) { _, err := self.Await(ctx); return 0, err },
				func(ctx context.Context) (int, error) { return 7, task.Sleep(ctx, time.Second) })
			if v != 7 {
				return errors.Join(err, errors.New("the other job has lost"))
			}
			return err
		}},
		"a call in a Race": {"the other job ends the call", func(ctx context.Context, self *task.Task[nothing]) error {
			v, err := gather.Race(ctx, func(ctx context.Context) (int, error) {
				return 0, gather.Each(ctx, items, func(ctx context.Context, _ int) error { _, err := self.Await(ctx); return err })
			}, func(ctx context.Context) (int, error) {
				_, err := gather.Any(ctx, func(ctx context.Context) (nothing, error) { return self.Await(ctx) },
					func(ctx context.Context) (nothing, error) { return nothing{}, task.Sleep(ctx, time.Second) })
				return 7, err
			})
			if v != 7 {
				return errors.Join(err, errors.New("the other job has lost"))
			}
			return err
		}},
		"Stream": {"the loop ends", func(ctx context.Context, self *task.Task[nothing]) error {
			for v, err := range gather.Stream(ctx, slices.Values([]int{0, 1}), func(ctx context.Context, i int) (int, error) {
				if i == 0 {
					_, err := self.Await(ctx)
					return 0, err
				}
				return 7, task.Sleep(ctx, time.Second)
			}, gather.Limit(2)) {
				if v != 7 {
					return errors.Join(err, errors.New("the job that waits came"))
				}
				break
			}
			return nil
		}},
		"a goroutine of a job": {"it is no job", func(ctx context.Context, self *task.Task[nothing]) error {
			return gather.Each(ctx, items, func(ctx context.Context, i int) error {
				go func() { _, _ = self.Await(ctx) }()
				return task.Sleep(ctx, time.Second)
			})
		}},
		"a limit of time": {"it ends", func(ctx context.Context, self *task.Task[nothing]) error {
			return gather.Each(ctx, items, func(ctx context.Context, i int) error {
				ctx, stop := context.WithTimeout(ctx, time.Second)
				defer stop()
				if _, err := self.Await(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, task.ErrDeadlock) {
					return errors.Join(err, errors.New("not the limit"))
				}
				return nil
			})
		}},
		"a task that goes on": {"it ends", func(ctx context.Context, _ *task.Task[nothing]) error {
			other := task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Second) })
			return gather.Each(ctx, items, func(ctx context.Context, i int) error { _, err := other.Await(ctx); return err })
		}},
		"a call that is over": {"nothing waits for its jobs", func(ctx context.Context, self *task.Task[nothing]) error {
			if err := gather.Each(ctx, items[:1], func(jobs context.Context, i int) error {
				task.Start(ctx, func(ctx context.Context) error {
					ctx, stop := context.WithTimeout(ctx, time.Minute)
					defer stop()
					_, err := self.Await(ctx)
					return err
				})
				return nil
			}); err != nil {
				return err
			}
			return task.Sleep(ctx, time.Second)
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			synctest.Test(t, func(t *testing.T) {
				assert.NoError(t, endsWithin(task.Start(t.Context(), func(ctx context.Context) error {
					return test.run(ctx, task.Current().(*task.Task[nothing]))
				})), test.reason)
			})
		})
	}
}

// Jobs of many calls wait for tasks that were started before theirs, which can't make a
// cycle.
func TestNoFalseAlarmOfJobs(t *testing.T) {
	_, err := task.Run(t.Context(), func(ctx context.Context) (nothing, error) {
		var all []*task.Task[nothing]
		for i := range 200 {
			before := all[max(0, i-5):]
			wait := func(ctx context.Context, t *task.Task[nothing]) (nothing, error) { return t.Await(ctx) }
			all = append(all, task.Start(ctx, func(ctx context.Context) error {
				var err error
				switch i % 4 {
				case 0:
					_, err = gather.Map(ctx, before, wait, gather.Limit(2))
				case 1:
					for _, e := range gather.Stream(ctx, slices.Values(before), wait) {
						err = errors.Join(err, e)
					}
				case 2:
					_, err = gather.Race(ctx, func(ctx context.Context) (nothing, error) {
						return nothing{}, gather.Each(ctx, before, func(ctx context.Context, t *task.Task[nothing]) error {
							return task.Group(ctx, func(ctx context.Context) error { task.Go(ctx, t.Await); return nil })
						})
					}, func(ctx context.Context) (nothing, error) { <-ctx.Done(); return nothing{}, nil })
				case 3:
					g, ctx := gather.WithContext(ctx)
					for _, b := range before {
						g.Go(func() error { _, err := b.Await(ctx); return err })
					}
					err = g.Wait()
				}
				return err
			}))
		}
		_, _, err := task.Wait(ctx, task.AllCompleted, all...)
		for _, t := range all {
			err = errors.Join(err, t.Err())
		}
		return nothing{}, err
	})
	assert.NoError(t, err)
}
