package main_test

import (
	"testing"
	"time"

	"github.com/heirloom-go/heirloom/examples/internal/ledgertest"
	"github.com/heirloom-go/heirloom/examples/internal/sqlitedb"
)

func BenchmarkTransaction(b *testing.B) {
	ledgertest.Benchmark(b, open(b, time.Second, sqlitedb.Open))
}
