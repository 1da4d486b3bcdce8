// Package bench compares Heirloom with other packages for the same purpose. Its
// benchmarks run all of these packages on the same jobs, by turns.
//
//	go test -bench=. ./bench     # everything once
//	go run ./bench/report        # the tables of docs/performance.md
//
// It is a module of its own, so that users of Heirloom do not download the other
// packages.
package bench
