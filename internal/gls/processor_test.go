package gls_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// While several goroutines run at the same time, each is on a processor of its own.
func TestProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var (
		mu   sync.Mutex
		seen = make(map[uint]bool)
		wg   sync.WaitGroup
	)
	for range 4 {
		wg.Go(func() {
			for {
				mu.Lock()
				seen[gls.Processor()] = true
				all := len(seen) == 4
				mu.Unlock()
				if all {
					return
				}
			}
		})
	}
	wg.Wait()
	assert.Len(t, seen, 4)
	for p := range seen {
		assert.Less(t, p, uint(4))
	}
	runtime.GOMAXPROCS(1)
	assert.Zero(t, gls.Processor())
}
