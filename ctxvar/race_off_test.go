//go:build !race

package ctxvar_test

// raceEnabled reports whether the tests run under the race detector, where allocations
// and thousands of busy goroutines prove little.
const raceEnabled = false
