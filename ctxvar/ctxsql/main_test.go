package ctxsql_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails the package when a goroutine outlives the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := strayGoroutines(); len(left) > 0 && code == 0 {
		fmt.Fprintf(os.Stderr, "goroutines left running:\n\n%s\n", strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// strayGoroutines returns the stacks of the goroutines that are there beside the
// running one, those that are on their way out excepted.
func strayGoroutines() []string {
	var left []string
	for wait := time.Millisecond; wait < 2*time.Second; wait *= 2 {
		buf := make([]byte, 1<<20)
		stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		left = left[:0]
		for _, stack := range stacks[1:] { // the first is the running one's
			if !strings.Contains(stack, "os/signal.") { // lasts as long as the process
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
