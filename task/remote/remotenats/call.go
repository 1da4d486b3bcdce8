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
	m := e.messageOf(job)
	if err := e.fits(m); err != nil {
		return nil, err
	}
	in, err := e.openInbox(ctx)
	if err != nil {
		return nil, err
	}
	// The call is expected before the job is sent, so that no outcome comes too
	// early.
	c := in.expect(job.ID)
	defer in.forget(job.ID)

	if err := e.gate(job.Func).pass(ctx, job.Backlog); err != nil {
		return nil, err
	}
	// The ID of the message belongs to this call, not to the job, because a job that
	// was dropped may be called again; see Resume.
	m.Header = nats.Header{jetstream.MsgIDHeader: {e.messageID()}}
	if err := in.publisher.publish(m, ctx.Done()); err != nil {
		if ctx.Err() == nil {
			return nil, err
		}
		// The job may have been stored in spite of the error.
		return e.takeBack(ctx, c, job, m.Subject)
	}
	return e.await(ctx, c, job, m.Subject)
}

// Resume is Do for a job that this client (see [Client]) may have called before, in
// a process that has ended. If the job waits or runs, Resume waits for it. If the
// job has ended, and not longer than [OutcomeAge] ago, Resume returns its outcome.
// In both cases the caller gets all reports that are stored. Otherwise Resume calls
// the job.
//
// A worker may have cancelled the job in the meantime, because its caller was gone.
// Resume returns that outcome like any other.
func (e *Engine) Resume(ctx context.Context, job *remote.Job) (*remote.Outcome, error) {
	subject := e.jobSubject(job.Func, e.client, job.ID)
	// This comes first: from now on, workers that ask for the caller get an answer, and
	// do not drop a job that is found below.
	if _, err := e.openInbox(ctx); err != nil {
		return nil, err
	}
	// From its call on, a job is in one of the streams. It leaves the first stream
	// only when it is in the second.
	_, err := e.jobs.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		_, err = e.outcomes.GetLastMsgForSubject(ctx, e.outcomeSubject(e.client, job.ID))
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return e.Do(ctx, job)
	}
	if err != nil {
		return nil, err
	}
	c, stop, err := e.replay(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	defer stop()
	return e.await(ctx, c, job, subject)
}

func (e *Engine) messageOf(job *remote.Job) *nats.Msg {
	header, body := job.Encode(time.Now())
	return &nats.Msg{Subject: e.jobSubject(job.Func, e.client, job.ID), Data: pack(header, body)}
}

// await waits for the outcome of a job that has been called.
func (e *Engine) await(ctx context.Context, c *call, job *remote.Job, subject string) (*remote.Outcome, error) {
	unserved := time.NewTimer(10 * time.Second)
	defer unserved.Stop()
	for {
		select {
		case <-c.arrived:
			if outcome := c.take(job); outcome != nil {
				return outcome, nil
			}
		case <-ctx.Done():
			return e.takeBack(ctx, c, job, subject)
		case <-e.closed:
			return nil, nats.ErrConnectionClosed
		case <-unserved.C:
			e.gate(job.Func).warnIfUnserved(ctx)
		}
	}
}

// takeBack ends a job after its ctx has ended. A job that no worker has is deleted.
// A job that runs is cancelled, and takeBack waits for its outcome.
func (e *Engine) takeBack(ctx context.Context, c *call, job *remote.Job, subject string) (*remote.Outcome, error) {
	cause := context.Cause(ctx)
	// The rest must go on although ctx has ended, but not for longer than this.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), job.Grace)
	asked := make(chan bool, 1)
	outside(func() {
		go func() { asked <- e.cancelJob(ctx, job, subject, remote.NewFailure(cause).Encode()) }()
	})
	listening := asked // nil once the worker has answered
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
				// The job may have ended in the meantime.
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

// cancelJob asks the worker that runs a job to cancel it, and deletes the job if no
// worker does. It reports whether there is such a worker, or may be one.
func (e *Engine) cancelJob(ctx context.Context, job *remote.Job, subject string, cause []byte) bool {
	// A worker may take the job between the question and the deletion. So we ask
	// again after the deletion, when no worker can take the job any more, and once
	// more in case a worker has taken it and does not listen yet.
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
			// Without the message, no other worker is given the job. The result of the
			// deletion says nothing about a worker, because the message is also there
			// while the job runs.
			if err := e.jobs.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
				e.logger.Debug("remotenats: a job could not be taken back", "func", job.Func, "job", job.ID, "err", err)
			}
		}
	}
	return false
}
