package ctxslog_test

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A job is work for another goroutine, with the values of the one that made it.
type job struct {
	ctx  context.Context
	name string
}

func newJob(name string) job {
	return job{ctx: ctxvar.NewContext(context.Background()), name: name}
}
