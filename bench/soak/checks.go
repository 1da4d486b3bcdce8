package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// checks counts comparisons and mistakes. Its methods are safe for concurrent use.
type checks struct {
	compared  atomic.Int64
	requests  atomic.Int64
	refused   atomic.Int64 // while the server was down, or because of an injected fault
	bareOther atomic.Int64 // bare jobs that read the plain variable of the request that started their worker
	faults    atomic.Int64
	restarts  atomic.Int64

	mu    sync.Mutex
	wrong map[string]int    // the number of mistakes of a kind
	first map[string]string // the first mistake of a kind
}

func newChecks() *checks { return &checks{wrong: map[string]int{}, first: map[string]string{}} }

// same records whether what was found in a place is what should be there.
func (c *checks) same(where, want, got string) {
	c.compared.Add(1)
	if want != got {
		c.fail(where, fmt.Sprintf("want %q, got %q", want, got))
	}
}

// fail records a mistake of the kind what.
func (c *checks) fail(what, how string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wrong[what]++; c.wrong[what] == 1 {
		c.first[what] = how
	}
}

// A finding is the result of a soak.
type finding struct {
	*checks
	length                      time.Duration
	goroutines, goroutinesEarly int    // at the end, and after a quarter of the time
	heap, heapEarly             uint64 // in bytes, at the same times
	lost                        uint64 // see [ctxvar.LostCount]
}

func (f *finding) failed() bool { return len(f.wrong) > 0 }

// String returns a line for each count, and one for each mistake.
func (f *finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "mode %s, %v: %d requests, %d refused, %d faults put in, %d restarts\n",
		ctxvar.Mode(), f.length.Round(time.Second), f.requests.Load(), f.refused.Load(), f.faults.Load(), f.restarts.Load())
	fmt.Fprintf(&b, "goroutines %d, after a quarter %d; heap %d KiB, after a quarter %d KiB\n",
		f.goroutines, f.goroutinesEarly, f.heap>>10, f.heapEarly>>10)
	fmt.Fprintf(&b, "goroutines whose variables may be lost: %d\n", f.lost)
	fmt.Fprintf(&b, "bare jobs that read the plain variable of the request that started their worker: %d\n", f.bareOther.Load())
	mistakes := 0
	for _, what := range slices.Sorted(maps.Keys(f.wrong)) {
		mistakes += f.wrong[what]
		fmt.Fprintf(&b, "WRONG %d times: %s: at first %s\n", f.wrong[what], what, f.first[what])
	}
	fmt.Fprintf(&b, "%d comparisons, %d mistakes\n", f.compared.Load(), mistakes)
	return b.String()
}
