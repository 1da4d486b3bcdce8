package scope_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

// TestScopeStorm starts tasks in scopes from everywhere while the scopes are cancelled,
// end and are waited for. It checks that each task ended, that none outlived its scope,
// that no failure was reported twice, and that no Group was aborted.
func TestScopeStorm(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rounds := 15
	if testing.Short() {
		rounds = 4
	}
	before := runtime.NumGoroutine()
	var failed, told atomic.Int64
	for round := range uint64(rounds) {
		var live atomic.Int64
		var handles sync.Map
		err := task.Group(context.Background(), func(ctx context.Context) error {
			s := scope.New(ctx, scope.OnFailure(func(h task.Handle, err error) {
				told.Add(1)
				if _, again := handles.LoadOrStore("told "+h.Name(), true); again {
					t.Errorf("%s was reported twice", h.Name())
				}
			}))
			for n := range uint64(8) {
				r := rand.New(rand.NewPCG(seed, round<<8|n))
				task.Go(ctx, func(ctx context.Context) (int, error) {
					for range 50 {
						kind, pause := r.IntN(6), time.Duration(r.IntN(50))*time.Microsecond
						child := scope.Go(s, func(ctx context.Context) (int, error) {
							live.Add(1)
							defer live.Add(-1)
							switch kind {
							case 0:
								return 0, errBroken
							case 1:
								panic(errBroken)
							case 2:
								runtime.Goexit()
							case 3:
								return 0, task.Sleep(ctx, pause)
							case 4:
								<-ctx.Done()
								return 0, ctx.Err()
							}
							return 1, nil
						})
						handles.Store(child, true)
						switch r.IntN(8) {
						case 0, 1:
							s.Cancel(errBroken)
						case 2:
							limited, stop := context.WithTimeout(ctx, time.Microsecond)
							_ = s.Wait(limited)
							stop()
						}
					}
					s.Cancel(nil)
					return 0, nil
				})
			}
			task.Go(ctx, func(ctx context.Context) (int, error) {
				for range 20 {
					s.Cancel(nil)
					_ = task.Sleep(ctx, 100*time.Microsecond)
				}
				return 0, nil
			})
			_ = task.Sleep(ctx, time.Duration(rand.N(1000))*time.Microsecond)
			for range 2 {
				go func() { s.Cancel(nil) }()
			}
			task.Go(ctx, func(ctx context.Context) (int, error) {
				// Until all have been cancelled, those of case 4 too.
				for s.Len() > 0 {
					s.Cancel(nil)
					_ = task.Sleep(ctx, 10*time.Microsecond)
				}
				return 0, nil
			})
			return nil
		})
		require.NoError(t, err)
		assert.Zero(t, live.Load(), "a task outlived its scope")
		handles.Range(func(k, _ any) bool {
			if h, ok := k.(task.Handle); ok {
				require.True(t, h.State().Final())
				switch h.State() {
				case task.Succeeded, task.Canceled:
				default:
					failed.Add(1)
				}
			}
			return true
		})
	}
	assert.Equal(t, failed.Load(), told.Load(), "each failure is reported")
	assert.Positive(t, told.Load())
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before, "a goroutine stayed")
}
