package sqlite_test

import (
	"testing"
	"time"

	"github.com/heirloom-go/heirloom/internal/examples/ledger/ledgertest"
	"github.com/heirloom-go/heirloom/internal/examples/sqlite"
)

func BenchmarkTransaction(b *testing.B) {
	ledgertest.Benchmark(b, open(b, time.Second, sqlite.Open))
}
