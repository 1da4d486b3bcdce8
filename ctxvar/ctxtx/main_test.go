package ctxtx_test

import (
	"testing"

	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }
