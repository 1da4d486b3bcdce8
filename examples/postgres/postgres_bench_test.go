package postgres_test

import (
	"testing"

	"github.com/heirloom-go/heirloom/examples/ledger/ledgertest"
)

func BenchmarkTransaction(b *testing.B) { ledgertest.Benchmark(b, open(b)) }
