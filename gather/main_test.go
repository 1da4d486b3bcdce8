package gather_test

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails the run if a goroutine outlives the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leaked(2 * time.Second); left != "" {
		os.Stderr.WriteString("goroutines left behind by the tests:\n\n" + left + "\n")
		code = max(code, 1)
	}
	os.Exit(code)
}

// leaked returns the stacks of the goroutines that are there after wait besides
// the running one. A goroutine that is on its way out when its work has been
// waited for is given until then.
func leaked(wait time.Duration) string {
	deadline := time.Now().Add(wait)
	for {
		buf := make([]byte, 1<<20)
		stacks := strings.Split(strings.TrimSpace(string(buf[:runtime.Stack(buf, true)])), "\n\n")
		var left []string
		for _, s := range stacks[1:] { // the first is the running goroutine
			if !strings.Contains(s, "os/signal.loop") && !strings.Contains(s, "testing.(*M).startAlarm") {
				left = append(left, s)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
		time.Sleep(time.Millisecond)
	}
}
