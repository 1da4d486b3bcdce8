package main_test

import (
	"testing"

	"github.com/heirloom-go/heirloom/examples/internal/ledgertest"
)

func BenchmarkTransaction(b *testing.B) { ledgertest.Benchmark(b, open(b)) }
