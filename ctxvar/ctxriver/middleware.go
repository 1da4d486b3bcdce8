package ctxriver

import (
	"context"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// protocol describes what River can carry in metadata.
var protocol = ctxwire.Protocol{Name: "ctxriver", Apart: true}

// Middleware returns middleware for [river.Config], of a client that inserts
// jobs, works them, or both. It sends the variables of the fields with each
// inserted job, and works each job with variables of its own and with those
// that were sent. Put it first, so that other middleware sees the variables
// too.
//
// It panics if two fields that are sent, or two that are received, have the same key.
func Middleware(fields ...ctxwire.Field) rivertype.Middleware {
	return &middleware{wire: ctxwire.NewWire(protocol, fields...)}
}

type middleware struct {
	river.MiddlewareDefaults
	wire *ctxwire.Wire
}

var (
	_ rivertype.JobInsertMiddleware = (*middleware)(nil)
	_ rivertype.WorkerMiddleware    = (*middleware)(nil)
)

func (m *middleware) InsertMany(ctx context.Context, jobs []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error)) (results []*rivertype.JobInsertResult, err error) {
	texts := ctxwire.Map{}
	err = m.wire.Send(ctx, texts, func(ctx context.Context) error {
		for _, job := range jobs {
			if job.Metadata, err = merge(job.Metadata, texts); err != nil {
				return err
			}
		}
		results, err = insert(ctx)
		return err
	})
	return results, err
}

func (m *middleware) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	return m.wire.Receive(ctx, parse(job.Metadata), nil, work)
}
