package main

import (
	"context"
	"fmt"
	"log"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/internal/sqlitedb"
)

// An outbox delivers notes after the request that added them, for all tenants with the
// same few goroutines. They are started before any request, and each job brings its own
// variables. The tenant can be read only in the request and while the request lasts, so
// a job that goes on in a tenant's name sets it again.
type outbox struct {
	jobs    chan job
	workers sync.WaitGroup
	errors  *log.Logger
}

type job struct {
	vars   *ctxvar.Context
	tenant *Tenant
	ctx    context.Context
	note   Note
}

func newOutbox(workers int, errors *log.Logger) *outbox {
	o := &outbox{jobs: make(chan job, 64), errors: errors}
	for range workers {
		o.workers.Go(func() {
			for j := range o.jobs {
				j.vars.Run(func() {
					ctxvar.Work(func() {
						tenant.Set(j.tenant)
						o.deliver(j.ctx, j.note)
					})
				})
			}
		})
	}
	return o
}

// put queues note for delivery, with the running goroutine's variables. It blocks while
// the workers are behind.
func (o *outbox) put(ctx context.Context, note Note) {
	o.jobs <- job{ctxvar.Copy(), tenant.MustGet(), context.WithoutCancel(ctx), note}
}

// deliver stands for sending a mail, or for something else that takes time.
func (o *outbox) deliver(ctx context.Context, note Note) {
	err := ctxsql.InTx(ctx, tenant.MustGet().db, nil, func(ctx context.Context) error {
		_, err := conn().ExecContext(ctx, `INSERT INTO delivered VALUES ($1, $2)`, note.ID, note.Owner)
		return err
	}, ctxsql.Retry(1000, sqlitedb.Busy))
	if err != nil {
		o.errors.Print(fmt.Errorf("tenants: %s: delivering %s: %w", tenant.MustGet().Name, note.ID, err))
	}
}

// close delivers what is left and ends the workers.
func (o *outbox) close() {
	close(o.jobs)
	o.workers.Wait()
}
