package task_test

import (
	"testing"

	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

// childEnv marks a re-executed test binary. A test uses it to see itself fail.
const childEnv = "TASK_TEST_CHILD"

func TestMain(m *testing.M) { leakcheck.Main(m) }
