package task_test

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// slow enables the tests with large numbers. Without it, they run with numbers that
// suit a test run between two edits.
var slow = os.Getenv("HEIRLOOM_SLOW") != ""

func TestAllocations(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		allocs := testing.AllocsPerRun(1000, func() { _, _ = task.Go(ctx, one).Await(ctx) })
		assert.LessOrEqual(t, allocs, 6.0)
		t.Logf("Go and Await in a Run: %v allocations", allocs)
		return none{}, nil
	})
	require.NoError(t, err)
	allocs := testing.AllocsPerRun(1000, func() { _, _ = task.Go(context.Background(), one).Await(context.Background()) })
	assert.LessOrEqual(t, allocs, 6.0)
}

// inUse returns the memory that goroutines and objects take.
func inUse() uint64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// parked returns how many bytes each of the n goroutines takes that start starts. Each
// must receive from began when it is about to wait for release.
func parked(n int, start func(began, release chan struct{})) float64 {
	began, release := make(chan struct{}), make(chan struct{})
	before := inUse()
	for range n {
		start(began, release)
	}
	for range n {
		began <- struct{}{}
	}
	perGoroutine := (float64(inUse()) - float64(before)) / float64(n)
	goroutines := runtime.NumGoroutine()
	close(release)
	for runtime.NumGoroutine() > goroutines-n {
		time.Sleep(time.Millisecond)
	}
	return perGoroutine
}

func parkedGoroutines(n int) float64 {
	return parked(n, func(began, release chan struct{}) {
		go func() {
			<-began
			<-release
		}()
	})
}

// parkedOnTwo is a goroutine that waits for two channels. The second one is its own, as
// with a ctx that can be cancelled.
func parkedOnTwo(n int) float64 {
	return parked(n, func(began, release chan struct{}) {
		go func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			done := ctx.Done()
			<-began
			select {
			case <-release:
			case <-done:
			}
		}()
	})
}

func parkedTasks(ctx context.Context, n int, opts ...task.Option) float64 {
	return parked(n, func(began, release chan struct{}) {
		task.Go(ctx, func(context.Context) (none, error) {
			<-began
			<-release
			return none{}, nil
		}, opts...)
	})
}

// parkedOnCtx is for tasks that also wait for their ctx, as most do.
func parkedOnCtx(ctx context.Context, n int) float64 {
	return parked(n, func(began, release chan struct{}) {
		task.Go(ctx, func(ctx context.Context) (none, error) {
			done := ctx.Done()
			<-began
			select {
			case <-release:
			case <-done:
			}
			return none{}, nil
		})
	})
}

func TestMemoryOfAParkedTask(t *testing.T) {
	if underRace || !slow {
		t.Skip("set HEIRLOOM_SLOW to measure the memory of tasks, without the race detector")
	}
	const n = 100_000   // beside which what the runtime keeps for itself is little
	parkedGoroutines(n) // so that the runtime has its own for so many
	bare := parkedGoroutines(n)
	_, err := task.Run(context.Background(), func(ctx context.Context) (none, error) {
		tasks := parkedTasks(ctx, n)
		t.Logf("a parked goroutine takes %.0f bytes, a task %.0f more", bare, tasks-bare)
		assert.LessOrEqual(t, tasks-bare, 700.0)

		onCtx, onTwo := parkedOnCtx(ctx, n), parkedOnTwo(n)
		t.Logf("a goroutine that waits for a ctx of its own takes %.0f bytes, a task %.0f more", onTwo, onCtx-onTwo)
		assert.LessOrEqual(t, onCtx-onTwo, 700.0)
		return none{}, nil
	})
	require.NoError(t, err)
}

// TestMillion takes 4 GB.
func TestMillion(t *testing.T) {
	if !slow {
		t.Skip("set HEIRLOOM_SLOW to have a million tasks at once")
	}
	const n = 1_000_000
	began := time.Now()
	_, err := task.Run(context.Background(), func(ctx context.Context) (none, error) {
		release := make(chan struct{})
		err := task.Group(ctx, func(ctx context.Context) error {
			for range n {
				task.Go(ctx, func(ctx context.Context) (none, error) { <-release; return none{}, nil })
			}
			t.Logf("started after %v", time.Since(began))
			var b strings.Builder
			assert.NoError(t, task.WriteTree(&b, task.TreeMax(10)))
			t.Logf("tree of the first ones after %v", time.Since(began))
			count := 0
			for range task.All() {
				count++
			}
			assert.Equal(t, n+1, count)
			t.Logf("all counted after %v", time.Since(began))
			t.Logf("%.0f bytes each", float64(inUse())/n)
			close(release)
			return nil
		})
		t.Logf("all ended after %v", time.Since(began))
		return none{}, err
	})
	require.NoError(t, err)
}

// The handle of a task does not keep the Run alive in which the task was, nor what that
// returned, whatever the task did with its scope.
func TestHandleKeepsNoScope(t *testing.T) {
	for name, use := range map[string]func(ctx context.Context){
		"nothing":     func(context.Context) {},
		"UntilEnding": func(ctx context.Context) { _, stop := task.UntilEnding(ctx); stop() },
		"SetTimeout":  func(ctx context.Context) { task.SetTimeout(ctx, time.Hour) },
		"CancelScope": func(ctx context.Context) { task.CancelScope(ctx, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var kept *task.Task[none]
			gone := make(chan none)
			result, _ := task.Run(t.Context(), func(ctx context.Context) (*[64]int, error) {
				kept = task.Start(ctx, func(ctx context.Context) error { use(ctx); return nil })
				_, _ = kept.Await(context.WithoutCancel(ctx))
				return new([64]int), nil
			})
			runtime.AddCleanup(result, func(int) { close(gone) }, 0)
			deadline := time.After(time.Minute) // of a test that fails
			for {
				runtime.GC()
				select {
				case <-gone:
					runtime.KeepAlive(kept)
					return
				case <-deadline:
					t.Fatal("what the Run returned is kept")
				default:
				}
			}
		})
	}
}

// Nor does it keep a task that waited until the limit of the Group in which it was.
func TestHandleKeepsNobodyWhoWaited(t *testing.T) {
	kept := make(chan *task.Task[none], 1)
	gone := make(chan none)
	self := make(chan *task.Task[*[64]int], 1)
	waiter := task.Go(t.Context(), func(ctx context.Context) (*[64]int, error) {
		me := <-self
		err := task.Group(ctx, func(ctx context.Context) error {
			task.SetTimeout(ctx, 10*time.Millisecond)
			child := task.Start(ctx, func(ctx context.Context) error { _, err := me.Await(ctx); return err })
			kept <- child
			_, err := child.Await(ctx) // a cycle that the limit ends
			return err
		})
		return new([64]int), err
	})
	self <- waiter
	result, err := waiter.Await(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	child := <-kept
	runtime.AddCleanup(result, func(int) { close(gone) }, 0)
	waiter, result = nil, nil
	require.Eventually(t, func() bool {
		runtime.GC()
		select {
		case <-gone:
			return true
		default:
			return false
		}
	}, time.Minute, time.Millisecond)
	runtime.KeepAlive(child)
}
