//go:build !race

package gather

// raceEnabled says whether the race detector looks on.
const raceEnabled = false
