package remotenats

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/heirloom-go/heirloom/task/remote"
)

// Do implements remote.Engine.
func (e *Engine) Do(ctx context.Context, job *remote.Job) (*remote.Outcome, error) {
	header, body := job.Encode(time.Now())
	m := message(e.jobSubject(job.Func, e.client, job.ID), header, body)
	if err := e.fits(m); err != nil {
		return nil, err
	}
	in, err := e.openInbox(ctx)
	if err != nil {
		return nil, err
	}
	// Before the job is sent, so that its outcome finds somebody.
	c := in.expect(job.ID)
	defer in.forget(job.ID)

	gate := e.gate(job.Func)
	if err := gate.pass(ctx, job.Backlog); err != nil {
		return nil, err
	}
	if err := e.publish(ctx, m, job.ID); err != nil {
		if ctx.Err() == nil {
			return nil, err
		}
		// It may have been stored all the same.
		return e.takeBack(ctx, c, job, m.Subject)
	}
	unserved := time.NewTimer(10 * time.Second)
	defer unserved.Stop()
	for {
		select {
		case <-c.arrived:
			if outcome := c.take(job); outcome != nil {
				return outcome, nil
			}
		case <-ctx.Done():
			return e.takeBack(ctx, c, job, m.Subject)
		case <-e.closed:
			return nil, nats.ErrConnectionClosed
		case <-unserved.C:
			gate.warnIfUnserved(ctx)
		}
	}
}

// takeBack ends a job whose ctx has ended: one that no worker has is deleted, and
// one that runs is cancelled, and waited for.
func (e *Engine) takeBack(ctx context.Context, c *call, job *remote.Job, subject string) (*remote.Outcome, error) {
	cause := context.Cause(ctx)
	// What follows must go on although ctx has ended, and not for longer than this.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), job.Grace)
	asked := make(chan bool, 1)
	outside(func() {
		go func() { asked <- e.cancelJob(ctx, job, subject, remote.NewFailure(cause).Encode()) }()
	})
	listening := asked // nil once it has answered
	defer func() {
		stop()
		if listening != nil {
			<-listening
		}
	}()
	for {
		select {
		case <-c.arrived:
			if outcome := c.take(job); outcome != nil {
				return outcome, nil
			}
		case runs := <-listening:
			listening = nil
			if !runs {
				// It may have ended in the meantime.
				if outcome := c.take(job); outcome != nil {
					return outcome, nil
				}
				return nil, cause
			}
		case <-ctx.Done():
			return nil, cause
		case <-e.closed:
			return nil, nats.ErrConnectionClosed
		}
	}
}

// cancelJob asks the worker that runs a job to cancel it, and deletes the job if
// there is none. It reports whether there is one, or may be.
func (e *Engine) cancelJob(ctx context.Context, job *remote.Job, subject string, cause []byte) bool {
	// A worker may take the job between the question and the deletion. So it is
	// asked for again after the deletion, when none can take it any more, and once
	// more for one that has taken it and does not listen yet.
	for i, pause := range []time.Duration{0, 0, 50 * time.Millisecond} {
		if pause > 0 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
		if _, err := e.nc.RequestWithContext(ctx, e.cancelSubject(job.ID), cause); !errors.Is(err, nats.ErrNoResponders) {
			return true
		}
		if i == 0 {
			// With the message gone, no other worker is given it. Whether there was one to
			// delete says nothing: it is there while the job runs, too.
			if err := e.jobs.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
				e.logger.Debug("remotenats: a job could not be taken back", "func", job.Func, "job", job.ID, "err", err)
			}
		}
	}
	return false
}
