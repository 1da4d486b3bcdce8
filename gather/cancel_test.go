package gather_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var policies = map[string]gather.Policy{
	"FailFast":     gather.FailFast,
	"StopAfter(1)": gather.StopAfter(1),
	"StopAfter(9)": gather.StopAfter(9),
	"CollectAll":   gather.CollectAll,
}

// A job that gives up because the caller cancelled has done nothing wrong. Under every
// policy, the error says how many jobs never ran.
func TestGivingUpForTheCallerIsNoFailure(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(errQuit) })
				err := gather.Each(ctx, upTo(100), func(ctx context.Context, i int) error {
					return pause(ctx, time.Minute)
				}, gather.Limit(3), gather.OnError(policy))
				assert.ErrorIs(t, err, gather.ErrNotStarted)
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, errQuit)
				assert.Contains(t, err.Error(), "gather: not started: 97 of 100 jobs: shutting down")
				var job *gather.JobError
				assert.ErrorAs(t, err, &job, "one of those that ran")
			})
		})
	}
}

// If every job has started, the error has only their answers.
func TestGivingUpWhenAllHaveStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errQuit) })
		err := gather.Each(ctx, upTo(3), func(ctx context.Context, i int) error {
			return pause(ctx, time.Duration(i+1)*time.Minute)
		})
		assert.Regexp(t, "^gather: job [012]: context canceled: shutting down$", err.Error())
		var job *gather.JobError
		assert.True(t, errors.As(err, &job) && error(job) == err, "a JobError")
	})
}

// An error of cleaning up after a cancellation is a failure, and outranks the errors of
// jobs that only gave up.
func TestCancellationHidesNoFailure(t *testing.T) {
	for name, answer := range map[string]func(context.Context) error{
		"joined":    func(ctx context.Context) error { return errors.Join(ctx.Err(), errBoom) },
		"the cause": func(ctx context.Context) error { return errors.Join(errBoom, context.Cause(ctx)) },
		"wrapped":   func(ctx context.Context) error { return fmt.Errorf("closing: %w: %w", errBoom, ctx.Err()) },
		"Errors": func(ctx context.Context) error {
			return gather.Errors{{Index: 0, Err: ctx.Err()}, {Index: 1, Err: errBoom}}
		},
	} {
		for policyName, policy := range policies {
			t.Run(name+" under "+policyName, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancelCause(t.Context())
					time.AfterFunc(time.Second, func() { cancel(errQuit) })
					err := gather.Each(ctx, upTo(10), func(ctx context.Context, i int) error {
						<-ctx.Done()
						if i == 2 {
							time.Sleep(time.Second) // the others have given up
							return answer(ctx)
						}
						return ctx.Err()
					}, gather.Limit(3), gather.OnError(policy))
					assert.ErrorIs(t, err, errBoom)
					assert.ErrorIs(t, err, errQuit, "the cause is in it too")
					assert.ErrorIs(t, err, gather.ErrNotStarted)
				})
			})
		}
	}
}

// A job that made a call of its own which was cancelled with it has given up too,
// whatever that call says about jobs that gave up and jobs that never ran.
func TestGivingUpOfACallWithinAJob(t *testing.T) {
	for name, policy := range policies {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(errQuit) })
			err := gather.Each(ctx, upTo(4), func(ctx context.Context, i int) error {
				if i == 1 {
					time.Sleep(2 * time.Second)
					return errBoom
				}
				return gather.Each(ctx, upTo(100), func(ctx context.Context, _ int) error {
					return pause(ctx, time.Hour)
				}, gather.Limit(2), gather.OnError(policy))
			})
			assert.EqualError(t, err, "gather: job 1: boom", name)
		})
	}
}

// The failure came first, so it is the reason why others did not start.
func TestFailureBeforeTheCallerCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		err := gather.Each(ctx, upTo(10), func(ctx context.Context, i int) error {
			if i == 1 {
				return errBoom
			}
			<-ctx.Done()
			cancel(errQuit)
			return ctx.Err()
		}, gather.Limit(2))
		assert.EqualError(t, err, "gather: job 1: boom")
	})
}

// A limit of the job's own is not the caller's, even after the caller's has passed.
func TestOwnTimeoutBesideTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := gather.Each(ctx, upTo(2), func(ctx context.Context, i int) error {
			if i == 0 {
				return pause(ctx, time.Hour)
			}
			_, err := task.Within(ctx, time.Second, func(ctx context.Context) (int, error) {
				return 0, pause(ctx, time.Hour)
			})
			time.Sleep(2 * time.Second) // cleans up, for longer than the caller's limit
			return err
		}, gather.OnError(gather.FailFast))
		var limit *task.TimeoutError
		require.ErrorAs(t, err, &limit)
		assert.Equal(t, time.Second, limit.After)
	})
}

// The same, with results that come one by one: a job that gives up does not end the
// stream before the stream has reported the items that it took and will not run.
func TestStreamReportsWhatHasNotStarted(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(errQuit) })
				_, errs := collect(gather.Stream(ctx, slices.Values(upTo(100)), func(ctx context.Context, i int) (int, error) {
					return i, pause(ctx, time.Minute)
				}, gather.Limit(2), gather.Buffer(3), gather.OnError(policy)))
				require.Len(t, errs, 6, "two that ran, three that were taken, and the end")
				never := 0
				for _, err := range errs {
					assert.ErrorIs(t, err, errQuit)
					if errors.Is(err, gather.ErrNotStarted) {
						never++
					}
				}
				assert.Equal(t, 4, never, "three that were taken, and the end")
				assert.ErrorIs(t, errs[5], gather.ErrNotStarted)
			})
		})
	}
}

// Every call that wraps the errors of its jobs includes the caller's cause.
func TestCauseIsReturnedEverywhere(t *testing.T) {
	wait := func(ctx context.Context) (int, error) { return 0, pause(ctx, time.Hour) }
	for name, call := range map[string]func(context.Context) error{
		"All":     func(ctx context.Context) error { _, err := gather.All(ctx, wait); return err },
		"Settled": func(ctx context.Context) error { return gather.Settled(ctx, wait)[0].Err },
		"Race":    func(ctx context.Context) error { _, err := gather.Race(ctx, wait); return err },
		"Any":     func(ctx context.Context) error { _, err := gather.Any(ctx, wait); return err },
		"Weight": func(ctx context.Context) error {
			return gather.Each(ctx, upTo(1), func(ctx context.Context, _ int) error { return pause(ctx, time.Hour) },
				gather.Weight(1, func(int) int64 { return 1 }))
		},
		"Stream": func(ctx context.Context) error {
			_, errs := collect(gather.Stream(ctx, slices.Values(upTo(1)), func(ctx context.Context, _ int) (int, error) { return wait(ctx) }))
			return errs[0]
		},
		"GroupOf": func(ctx context.Context) error {
			g, ctx := gather.GroupOfWithContext[int](ctx)
			g.Go(func() (int, error) { return wait(ctx) })
			_, err := g.Wait()
			return err
		},
		"Group with a policy": func(ctx context.Context) error {
			g, ctx := gather.WithContext(ctx)
			g.SetPolicy(gather.CollectAll)
			g.Go(func() error { _, err := wait(ctx); return err })
			return g.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(errQuit) })
				err := call(ctx)
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, errQuit)
			})
		})
	}
}

// A function that gives up first hides no failure of another one.
func TestGroupIsCancelledWhileAFunctionFails(t *testing.T) {
	for name, limit := range map[string]int{"unlimited": 0, "limited": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				outer, cancel := context.WithCancelCause(t.Context())
				g, ctx := gather.WithContext(outer)
				if limit > 0 {
					g.SetLimit(limit)
				}
				g.Go(func() error { <-ctx.Done(); return ctx.Err() })
				g.Go(func() error {
					<-ctx.Done()
					time.Sleep(time.Second) // the other one has given up
					return errors.Join(ctx.Err(), errBoom)
				})
				cancel(errQuit)
				err := g.Wait()
				assert.ErrorIs(t, err, errBoom)
				assert.Equal(t, errQuit, context.Cause(ctx))
			})
		})
	}
}

func TestGroupIsCancelledAndGivesUp(t *testing.T) {
	outer, cancel := context.WithCancel(t.Context())
	g, ctx := gather.WithContext(outer)
	for range 3 {
		g.Go(func() error { <-ctx.Done(); return ctx.Err() })
	}
	cancel()
	assert.Equal(t, context.Canceled, g.Wait())
}
