package gather_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// Functions that wait for one another need a goroutine each, whatever ran before.
func TestGroupRunsAllThatItMay(t *testing.T) {
	for name, limit := range map[string]int{"no limit": -1, "limit": 40} {
		synctest.Test(t, func(t *testing.T) {
			var g gather.Group
			g.SetLimit(limit)
			for range 3 {
				var meeting sync.WaitGroup
				meeting.Add(40)
				for range 40 {
					g.Go(func() error {
						meeting.Done()
						meeting.Wait()
						return nil
					})
				}
				for range 40 { // short ones, among which workers come and go
					g.Go(func() error { return nil })
				}
				require.NoError(t, g.Wait(), name)
			}
		})
	}
}

// A function may add to its own group.
func TestGroupOfFunctionsThatAddMore(t *testing.T) {
	var g gather.Group
	var mu sync.Mutex
	leaves := 0
	var grow func(depth int) func() error
	grow = func(depth int) func() error {
		return func() error {
			if depth == 0 {
				mu.Lock()
				defer mu.Unlock()
				leaves++
				return nil
			}
			g.Go(grow(depth - 1))
			g.Go(grow(depth - 1))
			return nil
		}
	}
	g.Go(grow(10))
	require.NoError(t, g.Wait())
	assert.Equal(t, 1024, leaves)
}

// The workers of a limited group end by Goexit, by panic and normally, and all waiting
// callers of Go get their turn.
func TestGroupWorkersAreReplaced(t *testing.T) {
	logged(t)
	var g gather.Group
	g.SetPolicy(gather.CollectAll)
	g.SetLimit(2)
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for i := range 300 {
				g.Go(func() error {
					switch i % 3 {
					case 0:
						runtime.Goexit()
					case 1:
						return errBoom
					}
					return nil
				})
			}
		})
	}
	callers.Wait()
	var errs gather.Errors
	require.ErrorAs(t, g.Wait(), &errs)
	assert.Len(t, errs, 800)
}

func TestGroupLimitSetWhileGoWaits(t *testing.T) {
	job := func() error { return nil }
	for name, limit := range map[string]int{"a limit": 2, "no limit": -1} {
		synctest.Test(t, func(t *testing.T) {
			var g gather.Group
			g.SetLimit(0)
			added := false
			go func() {
				g.Go(job)
				added = true
			}()
			synctest.Wait()
			assert.False(t, added, name)
			assert.False(t, g.TryGo(job), name)
			g.SetLimit(limit)
			synctest.Wait()
			assert.True(t, added, name)
			require.NoError(t, g.Wait())
		})
	}
}

// As in errgroup, which panics only if one limit replaces another.
func TestGroupLimitLiftedWhileActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gather.Group
		g.SetLimit(1)
		start := time.Now()
		second := func() error { time.Sleep(time.Second); return nil }
		g.Go(second)
		go g.Go(second)
		synctest.Wait()
		assert.EqualError(t, usageError(t, func() { g.SetLimit(3) }),
			"gather.Group.SetLimit: modify limit while 1 goroutines in the group are still active; set it before they start, or after Wait")
		_ = usageError(t, func() { g.SetLimit(0) })
		g.SetLimit(-1)
		synctest.Wait()
		require.NoError(t, g.Wait())
		assert.Equal(t, time.Second, time.Since(start), "the one that waited did not wait any more")
	})
}

// A limit that is set while functions run counts them, as errgroup does not, but lets
// everything through: under the race detector, they have goroutines of their own.
func TestGroupLimitSetWhileUnlimited(t *testing.T) {
	second := func() error { time.Sleep(time.Second); return nil }
	for name, last := range map[string]func(){
		"they return":     func() {},
		"they panic":      func() { panic("boom") },
		"they exit":       runtime.Goexit,
		"they never work": nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			logged(t)
			var g gather.Group
			start := time.Now()
			for range 2 {
				g.Go(func() error {
					if last == nil {
						return nil
					}
					defer last()
					return second()
				})
			}
			if last == nil {
				synctest.Wait()
			}
			g.SetLimit(2)
			assert.Equal(t, last == nil, g.TryGo(second), name)
			for range 4 {
				g.Go(second)
			}
			_ = g.Wait()
			assert.LessOrEqual(t, time.Since(start), 3*time.Second, name)
			g.SetLimit(1)
			require.True(t, g.TryGo(second), name)
			_ = g.Wait()
		})
	}
}

// Waiting callers are admitted in order.
func TestGroupIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gather.Group
		g.SetLimit(1)
		release := make(chan struct{})
		g.Go(func() error { <-release; return nil })
		var order []int
		for i := range 20 {
			go g.Go(func() error { order = append(order, i); return nil })
			synctest.Wait()
		}
		close(release)
		synctest.Wait()
		require.NoError(t, g.Wait())
		assert.Equal(t, upTo(20), order)
	})
}

// Functions run in the order in which they were given, wherever in the queue's ring
// it grows.
func TestGroupQueueKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gather.Group
		g.SetLimit(1)
		step := make(chan struct{})
		var order []int
		given := 0
		for _, turn := range []struct{ add, end int }{{1, 0}, {5, 3}, {4, 4}, {8, 2}, {20, 9}, {40, 60}} {
			for range turn.add {
				i := given
				given++
				go g.Go(func() error {
					<-step
					order = append(order, i)
					return nil
				})
				synctest.Wait()
			}
			for range turn.end {
				step <- struct{}{}
				synctest.Wait()
			}
		}
		require.NoError(t, g.Wait())
		assert.Equal(t, upTo(given), order)
	})
}

// The variables of a function are those of the goroutine that gave it, although one
// worker runs functions of several goroutines, which have set others meanwhile.
func TestGroupFunctionsOfSeveralGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gather.Group
		g.SetLimit(1)
		begin := make(chan struct{})
		g.Go(func() error { <-begin; return nil })
		type seen struct{ want, got string }
		var all []seen
		var callers sync.WaitGroup
		for goroutine := range 3 {
			callers.Go(func() {
				for i := range 4 {
					want := fmt.Sprint(goroutine, i/2)
					if i%2 == 0 { // so that two functions have the same
						jobVar.Set(want)
					}
					g.Go(func() error {
						all = append(all, seen{want, jobVar.Get()})
						jobVar.Set("a function's own")
						return nil
					})
				}
			})
		}
		synctest.Wait()
		close(begin)
		callers.Wait()
		require.NoError(t, g.Wait())
		require.Len(t, all, 12)
		for _, s := range all {
			assert.Equal(t, s.want, s.got)
		}
	})
}

// A queue that is never empty must not grow with the number of functions that have
// passed through it.
func TestGroupQueueStaysSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var g gather.Group
	g.SetLimit(2)
	var callers sync.WaitGroup
	for range 4 { // so that two wait at any time
		callers.Go(func() {
			for range 50_000 {
				g.Go(func() error { return nil })
			}
		})
	}
	callers.Wait()
	require.NoError(t, g.Wait())
	runtime.GC()
	runtime.ReadMemStats(&after)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20))
	runtime.KeepAlive(&g)
}

// Short functions share goroutines, except under the race detector, which must find
// races between them.
func TestGroupGoroutines(t *testing.T) {
	var g gather.Group
	var mu sync.Mutex
	ran := map[uint64]bool{}
	const n = 2000
	for range n {
		g.Go(func() error {
			mu.Lock()
			defer mu.Unlock()
			ran[gls.Goroutine()] = true
			return nil
		})
	}
	require.NoError(t, g.Wait())
	if raceEnabled {
		assert.Len(t, ran, n)
	} else {
		assert.Less(t, len(ran), n)
	}
}
