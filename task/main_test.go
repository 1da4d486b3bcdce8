package task_test

import (
	"testing"

	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

// childEnv tells a re-executed test binary that it is one. A test does so to see
// itself fail.
const childEnv = "TASK_TEST_CHILD"

func TestMain(m *testing.M) { leakcheck.Main(m) }
