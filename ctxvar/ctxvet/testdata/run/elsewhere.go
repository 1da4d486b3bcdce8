package run

import (
	"example.com/testdata/run/process"
	"github.com/heirloom-go/heirloom/ctxvar"
)

func elsewhere(c *ctxvar.Context, j, other *process.Job) {
	c.Run(func() {
		process.In(c, func() {}) // want `c is run within itself, which panics, in process.go:8: call the function directly, or run a copy`
		process.InCopy(c, func() {})
		j.Do(func() {})
	})
	j.Values.Run(func() {
		j.Do(func() {}) // want `j.Values is run within itself, which panics, in process.go:10`
		other.Do(func() {})
	})
}
