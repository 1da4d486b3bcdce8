// Package leaktest fails a package whose tests leave goroutines running.
package leaktest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Run runs the tests of m and returns the exit code of the test binary, which is
// 1 if goroutines outlive the tests.
func Run(m *testing.M) int {
	code := m.Run()
	if left := strays(); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "goroutines left running:\n\n%s\n", strings.Join(left, "\n\n"))
		code = 1
	}
	return code
}

// strays returns the stacks of the goroutines beside the calling one. One that is
// on its way out gets a while to leave.
func strays() []string {
	var left []string
	for wait := time.Millisecond; wait < 2*time.Second; wait *= 2 {
		left = left[:0]
		for _, stack := range others() {
			// The watcher of os/signal, once started, and the queue of cleanups last
			// for the life of the process.
			if !strings.Contains(stack, "os/signal.") && !strings.Contains(stack, "runtime.runCleanups") {
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

func others() []string {
	for buf := make([]byte, 64<<10); ; buf = make([]byte, 2*len(buf)) {
		if n := runtime.Stack(buf, true); n < len(buf) {
			return strings.Split(string(buf[:n]), "\n\n")[1:]
		}
	}
}
