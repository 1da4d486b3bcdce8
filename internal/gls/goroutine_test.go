package gls_test

import (
	"iter"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/gls"
)

func TestGoroutineDistinguishesGoroutines(t *testing.T) {
	const n = 100
	var (
		ids   = make([]uint64, n)
		alive = make(chan struct{})
		noted sync.WaitGroup
		ended sync.WaitGroup
	)
	for i := range ids {
		noted.Add(1)
		ended.Go(func() {
			ids[i] = gls.Goroutine()
			noted.Done()
			<-alive
		})
	}
	noted.Wait()
	seen := map[uint64]bool{gls.Goroutine(): true, 0: true}
	for _, id := range ids {
		assert.Falsef(t, seen[id], "%#x is another goroutine's, or zero", id)
		seen[id] = true
	}
	close(alive)
	ended.Wait()
}

func TestGoroutineStaysTheSame(t *testing.T) {
	id := gls.Goroutine()
	grow(1 << 16)
	assert.Equal(t, id, gls.Goroutine(), "on a stack that has moved")

	runtime.GC()
	for range 100 {
		runtime.Gosched()
	}
	assert.Equal(t, id, gls.Goroutine(), "after being scheduled again")

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	assert.Equal(t, id, gls.Goroutine(), "on a thread of its own")

	func() {
		defer func() {
			assert.NotNil(t, recover())
			assert.Equal(t, id, gls.Goroutine(), "in a deferred call, while panicking")
		}()
		panic("unwind")
	}()
}

func TestGoroutineOfPulledSequence(t *testing.T) {
	next, stop := iter.Pull(func(yield func(uint64) bool) { yield(gls.Goroutine()) })
	defer stop()
	id, ok := next()
	assert.True(t, ok)
	assert.NotEqual(t, gls.Goroutine(), id, "iter.Pull runs its sequence in another goroutine")
}
