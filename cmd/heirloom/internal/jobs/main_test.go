package jobs_test

import (
	"os"
	"testing"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m)) }
