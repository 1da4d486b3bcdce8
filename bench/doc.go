// Package bench compares Heirloom with the packages that people use for the
// same, in benchmarks that run all of them on the same jobs, one after the other
// and in turns.
//
//	go test -bench=. ./bench           # everything once
//	go run ./bench/report              # what docs/performance.md has
//
// It is a module of its own, so that nobody who uses Heirloom downloads them.
package bench
