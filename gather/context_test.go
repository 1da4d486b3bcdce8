package gather_test

import (
	"context"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
)

// The ways in which a job can look at its context. Some of them make it a standard
// context; the others must give the same answers without one.
var looks = map[string]func(context.Context){
	"nobody":      func(context.Context) {},
	"Done":        func(ctx context.Context) { ctx.Done() },
	"Err":         func(ctx context.Context) { _ = ctx.Err() },
	"Value":       func(ctx context.Context) { ctx.Value("key") },
	"Cause":       func(ctx context.Context) { _ = context.Cause(ctx) },
	"WithCancel":  func(ctx context.Context) { _, cancel := context.WithCancel(ctx); cancel() },
	"WithTimeout": func(ctx context.Context) { _, cancel := context.WithTimeout(ctx, time.Hour); cancel() },
	"AfterFunc":   func(ctx context.Context) { context.AfterFunc(ctx, func() {})() },
	"pprof.Do":    func(ctx context.Context) { pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) {}) },
}

type userKey struct{}

func TestJobContextBeforeAndAfterTheEnd(t *testing.T) {
	for name, look := range looks {
		parent, cancel := context.WithTimeout(context.WithValue(t.Context(), userKey{}, "value"), time.Hour)
		defer cancel()
		var kept context.Context
		_, err := gather.All(parent, func(ctx context.Context) (int, error) {
			look(ctx)
			kept = ctx
			assert.NoError(t, ctx.Err(), name)
			assert.NoError(t, context.Cause(ctx), name)
			assert.Equal(t, "value", ctx.Value(userKey{}), name)
			assert.Nil(t, ctx.Value("other"), name)
			got, ok := ctx.Deadline()
			want, _ := parent.Deadline()
			assert.True(t, ok, name)
			assert.Equal(t, want, got, name)
			return 0, nil
		})
		require.NoError(t, err)
		assert.Equal(t, context.Canceled, kept.Err(), name)
		assert.Equal(t, context.Canceled, context.Cause(kept), name)
		select {
		case <-kept.Done():
		default:
			assert.Fail(t, "not done", name)
		}
		child, stop := context.WithCancel(kept)
		assert.Equal(t, context.Canceled, child.Err(), name)
		stop()
		assert.NoError(t, parent.Err(), name)
	}
}

func TestJobContextWhenAJobFails(t *testing.T) {
	for name, look := range looks {
		synctest.Test(t, func(t *testing.T) {
			_, err := gather.All(t.Context(),
				func(ctx context.Context) (int, error) {
					look(ctx)
					time.Sleep(2 * time.Second)
					assert.Equal(t, context.Canceled, ctx.Err(), name)
					assert.ErrorIs(t, context.Cause(ctx), errBoom, name)
					child, cancel := context.WithCancel(ctx)
					defer cancel()
					assert.ErrorIs(t, context.Cause(child), errBoom, name)
					return 0, nil
				},
				returning(time.Second, 0, errBoom),
			)
			assert.ErrorIs(t, err, errBoom)
		})
	}
}

func TestJobContextWhenTheCallerCancels(t *testing.T) {
	for name, look := range looks {
		synctest.Test(t, func(t *testing.T) {
			parent, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(errQuit) })
			_, err := gather.All(parent, func(ctx context.Context) (int, error) {
				look(ctx)
				time.Sleep(2 * time.Second)
				assert.Equal(t, context.Canceled, ctx.Err(), name)
				assert.Equal(t, errQuit, context.Cause(ctx), name)
				<-ctx.Done()
				return 0, nil
			})
			require.NoError(t, err)
		})
	}
}

// A deadline of the caller's is an error of its own.
func TestJobContextWhenTheDeadlinePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var kept context.Context
		_, err := gather.All(parent, func(ctx context.Context) (int, error) {
			time.Sleep(2 * time.Second)
			kept = ctx
			assert.Equal(t, context.DeadlineExceeded, ctx.Err())
			return 0, nil
		})
		require.NoError(t, err)
		assert.Equal(t, context.DeadlineExceeded, kept.Err(), "the end does not make another error of it")
		assert.Equal(t, context.DeadlineExceeded, context.Cause(kept))
	})
}

// Many look while the call ends: each must see the end.
func TestJobContextLookedAtWhileItEnds(t *testing.T) {
	for range 200 {
		var lookers sync.WaitGroup
		_, err := gather.All(t.Context(), func(ctx context.Context) (int, error) {
			for range 4 {
				lookers.Go(func() { <-ctx.Done() })
			}
			runtime.Gosched()
			return 0, nil
		})
		require.NoError(t, err)
		lookers.Wait()
	}
}

// Labels and variables survive a pprof.Do with a job's context.
func TestJobContextAndProfilerLabels(t *testing.T) {
	defer jobVar.Set("caller").Reset()
	pprof.Do(t.Context(), pprof.Labels("outer", "o"), func(ctx context.Context) {
		jobVar.Set("caller")
		_, err := gather.All(ctx, func(ctx context.Context) (int, error) {
			jobVar.Set("job")
			pprof.Do(ctx, pprof.Labels("inner", "i"), func(ctx context.Context) {
				assert.Equal(t, "o", label(ctx, "outer"))
				assert.Equal(t, "i", label(ctx, "inner"))
				assert.Equal(t, "job", jobVar.Get())
				jobVar.Set("inside")
			})
			assert.Equal(t, "inside", jobVar.Get())
			assert.Equal(t, "o", label(ctx, "outer"))
			assert.Empty(t, label(ctx, "inner"))
			return 0, nil
		})
		assert.NoError(t, err)
	})
}

func label(ctx context.Context, key string) string {
	v, _ := pprof.Label(ctx, key)
	return v
}

// A worker also removes the profiler labels that a job leaves on it.
func TestLabelsDoNotStayWithTheWorker(t *testing.T) {
	err := gather.Each(t.Context(), upTo(10), func(ctx context.Context, i int) error {
		assert.Zero(t, goroutinesLabelled(t, "earlier"))
		pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("job", "earlier")))
		assert.Equal(t, 1, goroutinesLabelled(t, "earlier"))
		return nil
	}, gather.Limit(1))
	require.NoError(t, err)
}

// goroutinesLabelled returns how many goroutines have the label job with the
// given value.
func goroutinesLabelled(t *testing.T, value string) int {
	var profile strings.Builder
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&profile, 1))
	return strings.Count(profile.String(), `"job":"`+value+`"`)
}

// A context never changes an answer that it has given, even if its parent ends later
// and in another way.
func TestJobContextDoesNotChangeItsMind(t *testing.T) {
	for name, look := range looks {
		synctest.Test(t, func(t *testing.T) {
			parent, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, errQuit)
			defer cancel()
			kept := map[string]context.Context{}
			g, ctx := gather.WithContext(parent)
			look(ctx)
			kept["Group"] = ctx
			require.NoError(t, g.Wait())
			_, err := gather.All(parent, func(ctx context.Context) (int, error) {
				look(ctx)
				kept["All"] = ctx
				return 0, nil
			})
			require.NoError(t, err)
			for range gather.Stream(parent, slices.Values(upTo(1)), func(ctx context.Context, _ int) (int, error) {
				look(ctx)
				kept["Stream"] = ctx
				return 0, nil
			}) {
				break
			}
			failing, ctx := gather.WithContext(parent)
			look(ctx)
			kept["failed Group"] = ctx
			failing.Go(func() error { return errBoom })
			require.Equal(t, errBoom, failing.Wait())

			time.Sleep(time.Hour) // the parent's time is up
			look(parent)
			for call, ctx := range kept {
				want := context.Canceled
				if call == "failed Group" {
					want = errBoom
				}
				for range 2 {
					look(ctx)
					assert.Equal(t, context.Canceled, ctx.Err(), "%s, %s", call, name)
					assert.Equal(t, want, context.Cause(ctx), "%s, %s", call, name)
					<-ctx.Done()
				}
			}
		})
	}
}

// The other way round: the parent ends first, then a job fails.
func TestJobContextNamesTheFirstCause(t *testing.T) {
	for name, look := range looks {
		synctest.Test(t, func(t *testing.T) {
			parent, cancel := context.WithTimeoutCause(t.Context(), time.Second, errQuit)
			defer cancel()
			g, ctx := gather.WithContext(parent)
			look(ctx)
			g.Go(func() error { time.Sleep(2 * time.Second); return errBoom })
			assert.Equal(t, errBoom, g.Wait())
			assert.Equal(t, context.DeadlineExceeded, ctx.Err(), name)
			assert.Equal(t, errQuit, context.Cause(ctx), name)
		})
	}
}
