package task_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// Cases of other libraries' tests that no other test here covers; docs/peers.md lists
// them.

// A Group lasts as long as it has a task that is not ready yet, even if body, all the
// others and the caller of Serve have ended.
func TestServeKeepsItsGroupOpen(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		for _, failure := range []error{nil, errMine} {
			took := elapsed()
			err := task.Group(ctx, func(outer context.Context) error {
				return task.Group(outer, func(inner context.Context) error {
					task.Start(outer, func(context.Context) error {
						_, _, err := task.Serve(inner, func(ctx context.Context, ready func(int)) error {
							time.Sleep(2 * time.Second)
							if failure != nil {
								return failure
							}
							ready(1)
							return task.Sleep(ctx, 3*time.Second)
						})
						assert.Equal(t, failure, err)
						return nil
					})
					time.Sleep(time.Second)
					return nil
				})
			})
			require.NoError(t, err)
			assert.Equal(t, map[bool]time.Duration{true: 5 * time.Second, false: 2 * time.Second}[failure == nil], took())
		}
	})
}

// A Group that is cancelled while a server in it has children, just before it is
// ready and just after.
func TestServeInAGroupThatIsCancelled(t *testing.T) {
	for _, before := range []bool{true, false} {
		inBubble(t, func(t *testing.T, ctx context.Context) {
			took := elapsed()
			err := task.Group(ctx, func(group context.Context) error {
				_, server, err := task.Serve(group, func(ctx context.Context, ready func(int)) error {
					return task.Group(ctx, func(ctx context.Context) error {
						for range 2 {
							task.Go(ctx, after(time.Hour, 1))
						}
						synctest.Wait()
						if before {
							task.CancelScope(group, errMine)
						}
						ready(1)
						return nil
					})
				})
				if before {
					// Both have happened, and either may come first.
					assert.True(t, err == nil || errors.Is(err, errMine), "%v", err)
				} else {
					assert.NoError(t, err)
					task.CancelScope(group, errMine)
				}
				_, err = server.Await(context.WithoutCancel(ctx))
				assert.ErrorIs(t, err, errMine)
				return nil
			})
			var ce *task.CanceledError
			require.ErrorAs(t, err, &ce)
			assert.ErrorIs(t, err, errMine)
			assert.Zero(t, took())
		})
	}
}

// The body of a supervisor fails, and then a child fails in its clean-up.
func TestSupervisorFailsAndAChildInItsCleanUp(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, after(time.Hour, 1))
			task.Start(ctx, func(ctx context.Context) error { <-ctx.Done(); return errZero })
			synctest.Wait()
			return errMine
		}, task.FailFast(false), task.Unobserved(func(_ task.Info, err error) { t.Errorf("reported: %v", err) }))
		var ge *task.GroupError
		require.ErrorAs(t, err, &ge)
		assert.Equal(t, []error{errMine, errZero}, ge.Unwrap())
	})
}

// If a supervisor's body cancels what is around it and then fails, it has failed.
func TestSupervisorFailureOutranksCancellation(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		outer, cancel := context.WithCancel(ctx)
		err := task.Group(outer, func(context.Context) error {
			cancel()
			return errMine
		}, task.FailFast(false))
		onlyErrors(t, err, 1, errMine)
	})
}

// A thousand nested Groups end at once, and from the innermost to the outermost.
func TestDeepNesting(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		const depth = 1000
		var ended []int
		var nest func(ctx context.Context, n int) error
		nest = func(ctx context.Context, n int) error {
			defer func() { ended = append(ended, n) }()
			if n == depth {
				return task.Sleep(ctx, time.Hour)
			}
			return task.Group(ctx, func(ctx context.Context) error { return nest(ctx, n+1) })
		}
		outer, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(time.Second, func() { cancel(errMine) })
		took := elapsed()
		err := nest(outer, 0)
		require.ErrorIs(t, err, errMine)
		assert.Equal(t, time.Second, took())
		for i, n := range ended {
			require.Equal(t, depth-i, n)
		}
	})
}

// A task that is given a deadline which has passed is cancelled before it begins.
func TestTimeoutThatHasPassed(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		for _, d := range []time.Duration{0, -time.Second} {
			err := task.Group(ctx, func(ctx context.Context) error {
				assert.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
				_, err := task.Go(ctx, func(ctx context.Context) (int, error) { return 0, ctx.Err() }).Await(context.WithoutCancel(ctx))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				return err
			}, task.Timeout(d))
			var te *task.TimeoutError
			require.ErrorAs(t, err, &te)
			assert.Equal(t, d, te.After)
			_, err = task.Go(ctx, func(ctx context.Context) (int, error) { return 0, ctx.Err() }, task.Timeout(d)).Await(ctx)
			require.ErrorAs(t, err, &te)
		}
	})
}
