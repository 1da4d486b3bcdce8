//go:build race

package task_test

// underRace tells that the race detector is on, which makes all ten times slower.
const underRace = true
