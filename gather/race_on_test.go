//go:build race

package gather_test

// raceEnabled reports whether the race detector is on.
const raceEnabled = true
