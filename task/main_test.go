package task_test

import (
	"os"
	"testing"

	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

// childEnv names, in a re-executed test binary, the program to run in place of
// the tests. See childPrograms.
const childEnv = "TASK_TEST_CHILD"

// childPrograms are what tests run in a process of their own, because what they
// do would end this one or fail it.
var childPrograms = map[string]func(){}

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		childPrograms[name]()
		return
	}
	leakcheck.Main(m)
}
