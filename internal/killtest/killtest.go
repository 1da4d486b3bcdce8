// Package killtest has what the tests of engines share that kill callers and workers:
// the caller, which is a process of its own, and the check of what it printed.
package killtest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
)

// An answer is what a caller has for an item: a line of its output.
type answer struct {
	Item, Value int
	Err         string
}

// Call calls square for the items 0 to n-1 at once, and writes the answers to w as
// they come. Whatever becomes of one, it waits for all; ctx ends the calls.
func Call(ctx context.Context, n int, square func(context.Context, int) (int, error), w io.Writer) error {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	var mu sync.Mutex
	return gather.Each(context.WithoutCancel(ctx), items, func(_ context.Context, item int) error {
		a := answer{Item: item}
		var err error
		if a.Value, err = square(ctx, item); err != nil {
			a.Err = err.Error()
		}
		mu.Lock()
		defer mu.Unlock()
		return json.NewEncoder(w).Encode(a)
	})
}

// CheckAnswers checks that a caller has printed one answer for each of n items, and
// the square, unless the caller was stopped: then errors are answers too.
func CheckAnswers(t testing.TB, printed io.Reader, n int, stopped bool) {
	t.Helper()
	seen := map[int]bool{}
	lines := bufio.NewScanner(printed)
	for lines.Scan() {
		var a answer
		require.NoError(t, json.Unmarshal(lines.Bytes(), &a))
		assert.False(t, seen[a.Item], "a second answer for %d", a.Item)
		seen[a.Item] = true
		if a.Err != "" && stopped {
			continue
		}
		assert.Empty(t, a.Err)
		assert.Equal(t, a.Item*a.Item, a.Value)
	}
	assert.Len(t, seen, n)
}

// CheckRuns checks that no item, of which there is one in runs for each time that it
// ran, has run more often than it may.
func CheckRuns(t testing.TB, runs []string, most int) {
	t.Helper()
	times := map[string]int{}
	for _, item := range runs {
		times[item]++
	}
	for item, n := range times {
		assert.LessOrEqual(t, n, most, "runs of %s", item)
	}
}

// WaitForFile blocks until there is a file, or returns the cause of ctx when that ends
// before. It asks the disk, which is what processes have in common that are stopped
// and killed.
func WaitForFile(ctx context.Context, path string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
