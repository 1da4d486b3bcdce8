package sqlite_test

import (
	"testing"
	"time"

	"github.com/heirloom-go/heirloom/examples/ledger/ledgertest"
	"github.com/heirloom-go/heirloom/examples/sqlite"
)

func BenchmarkTransaction(b *testing.B) {
	ledgertest.Benchmark(b, open(b, time.Second, sqlite.Open))
}
