// Package leakcheck finds goroutines that outlive a package's tests.
package leakcheck

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Main runs the tests, fails if they leave goroutines running, and exits. A
// TestMain only needs to call it.
func Main(m *testing.M) {
	code := m.Run()
	if left := Stray(2 * time.Second); len(left) > 0 && code == 0 {
		fmt.Fprintf(os.Stderr, "goroutines left running:\n\n%s\n", strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// Stray returns the stacks of the other goroutines, except those that last for
// the life of the process. It waits up to limit for goroutines that are about
// to end.
func Stray(limit time.Duration) []string {
	deadline := time.Now().Add(limit)
	for pause := time.Millisecond; ; pause *= 2 {
		var left []string
		for _, stack := range stacks()[1:] {
			// The watcher of signals is started by -timeout and -fuzz, and on
			// wasm the runtime has a goroutine for the host's events.
			if !strings.Contains(stack, "os/signal.") && !strings.Contains(stack, "runtime.handleEvent(") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().Add(pause).After(deadline) {
			return left
		}
		time.Sleep(pause)
	}
}

// stacks returns the stack of each goroutine, the running one's first.
func stacks() []string {
	for size := 64 << 10; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return strings.Split(strings.TrimSpace(string(buf[:n])), "\n\n")
		}
	}
}
