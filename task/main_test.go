package task_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// childEnv names, in a re-executed test binary, the program to run in place of
// the tests. See childPrograms.
const childEnv = "TASK_TEST_CHILD"

// childPrograms are what tests run in a process of their own, because what they
// do would end this one or fail it.
var childPrograms = map[string]func(){}

// TestMain fails the package when a goroutine outlives the tests.
func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		childPrograms[name]()
		return
	}
	code := m.Run()
	if left := strayGoroutines(); len(left) > 0 && code == 0 {
		fmt.Fprintf(os.Stderr, "goroutines left running:\n\n%s\n", strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// strayGoroutines returns the stacks of the goroutines that are still there
// beside the calling one. A goroutine that is on its way out gets a bounded
// time to leave.
func strayGoroutines() []string {
	var left []string
	for wait := time.Millisecond; wait < 2*time.Second; wait *= 2 {
		left = left[:0]
		for i, stack := range allStacks() {
			// The first is the caller. The signal watchers of os/signal
			// (-timeout, -fuzz) and the queue of runtime.AddCleanup last for
			// the life of the process.
			if i > 0 && !strings.Contains(stack, "os/signal.") && !strings.Contains(stack, "runtime.runCleanups") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return nil
		}
		time.Sleep(wait)
	}
	return left
}

// allStacks returns the stack of each goroutine, the caller's first.
func allStacks() []string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			return strings.Split(strings.TrimSpace(string(buf[:n])), "\n\n")
		}
		buf = make([]byte, 2*len(buf))
	}
}
