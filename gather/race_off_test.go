//go:build !race

package gather_test

// raceEnabled says whether the race detector looks on.
const raceEnabled = false
