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
	// Before the job is sent, so that its outcome finds somebody.
	c := in.expect(job.ID)
	defer in.forget(job.ID)

	if err := e.gate(job.Func).pass(ctx, job.Backlog); err != nil {
		return nil, err
	}
	// The ID is that of this call and not the job's, which may be called again when
	// it was dropped, see Resume.
	m.Header = nats.Header{jetstream.MsgIDHeader: {e.messageID()}}
	if err := in.publisher.publish(m, ctx.Done()); err != nil {
		if ctx.Err() == nil {
			return nil, err
		}
		// It may have been stored all the same.
		return e.takeBack(ctx, c, job, m.Subject)
	}
	return e.await(ctx, c, job, m.Subject)
}

// Resume is Do for a job that this client, see [Client], may have called before, in
// a process that has ended. If the job waits or runs, Resume waits for it; if it has
// ended, for at most [OutcomeAge], Resume returns its outcome; both with all the
// reports that are stored. Otherwise it calls the job.
//
// A worker may have cancelled the job in the meantime, because its caller was gone.
// That outcome is returned as any other.
func (e *Engine) Resume(ctx context.Context, job *remote.Job) (*remote.Outcome, error) {
	subject := e.jobSubject(job.Func, e.client, job.ID)
	// First, so that from now on workers that ask for the caller have an answer, and drop
	// no job that is found.
	if _, err := e.openInbox(ctx); err != nil {
		return nil, err
	}
	// A job is in one of the streams from its call on, and leaves the first only
	// when it is in the second.
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

// await waits for the outcome of a job that was called.
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
