// Package process has functions that run a Context, for other packages to call.
package process

import "github.com/heirloom-go/heirloom/ctxvar"

type Job struct{ Values *ctxvar.Context }

func In(c *ctxvar.Context, fn func()) { c.Run(fn) } // want In:"runs a Context"

func (j *Job) Do(fn func()) { j.Values.Run(fn) } // want Do:"runs a Context"

func InCopy(c *ctxvar.Context, fn func()) { c.Copy().Run(fn) }
