package ctxvar_test

import (
	"os"
	"testing"

	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

// childEnv names, in a re-executed test binary, the program to run in place of
// the tests. See childPrograms.
const childEnv = "CTXVAR_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		childPrograms[name]()
		return
	}
	leakcheck.Main(m)
}
