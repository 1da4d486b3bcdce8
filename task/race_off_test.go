//go:build !race

package task_test

const underRace = false
