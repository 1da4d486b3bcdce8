package remotenats

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/heirloom-go/heirloom/task/remote"
)

// A running is a job that this worker has.
type running struct {
	message jetstream.Msg
	client  string // the caller's
	job     string
	started time.Time
	cancel  context.CancelCauseFunc
}

// run runs the job of a message, in a goroutine of its own, and stores its outcome.
func (w *worker) run(m jetstream.Msg) {
	info, err := m.Metadata()
	if err != nil {
		return
	}
	job, client, err := w.decode(m, info.Timestamp.Add(-w.ahead))
	if err != nil {
		// Whoever sent it gets no answer, for there is nobody to tell. It must not come
		// again.
		w.logger.Warn("remotenats: a message that is no job was dropped", "subject", m.Subject(), "err", err)
		_ = m.Term()
		return
	}
	delivery := int(min(info.NumDelivered, 1<<30))
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	r := &running{m, client, job.ID, time.Now(), cancel}
	w.add(r)
	defer w.remove(r)
	storing, stop := whileLeased(ctx)
	defer stop()

	if delivery > 1 {
		// The worker before may have died between the outcome and the acknowledgement.
		if w.hasOutcome(ctx, client, job.ID) {
			_ = m.Ack()
			return
		}
	}
	if delivery > job.Deliveries {
		w.conclude(storing, r, &remote.Outcome{Worker: w.options.worker, Delivery: delivery - 1, Failure: remote.NewFailure(remote.ErrLost)})
		return
	}
	if !w.callers.join(ctx, r) {
		_ = m.Term()
		return
	}
	defer w.callers.leave(r)

	orders, err := w.nc.Subscribe(w.cancelSubject(job.ID), func(order *nats.Msg) {
		failure, err := remote.DecodeFailure(order.Data)
		if err != nil {
			return
		}
		_ = order.Respond(nil)
		cancel(failure.Err())
	})
	if err == nil {
		defer func() { _ = orders.Unsubscribe() }()
	}

	reports := 0
	outcome := w.handle(ctx, &remote.Attempt{
		Job: job, Delivery: delivery, Worker: w.options.worker,
		Report: w.reporter(storing, r, delivery, &reports),
	})
	if errors.Is(context.Cause(ctx), remote.ErrLeaseLost) {
		// Another worker has the job, and its outcome is to be that one's. If there is
		// none, the message comes again.
		return
	}
	w.conclude(storing, r, outcome)
}

// decode returns the job in m and the name of its caller.
func (w *worker) decode(m jetstream.Msg, sent time.Time) (job *remote.Job, client string, err error) {
	job, err = remote.DecodeJob(plain(m.Headers()), m.Data(), sent)
	if err != nil {
		return nil, "", err
	}
	parts := strings.Split(strings.TrimPrefix(m.Subject(), w.namespace+".job."), ".")
	if len(parts) != 3 || parts[0] != job.Func || parts[2] != job.ID || !nameForm.MatchString(parts[1]) {
		return nil, "", fmt.Errorf("%w: the subject is that of another job", remote.ErrMalformed)
	}
	return job, parts[1], nil
}

// whileLeased returns a ctx for what is stored of a job: it ends with the job's
// lease, and not when the caller cancels the job and waits for what it says to that.
func whileLeased(job context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(job))
	stop := context.AfterFunc(job, func() {
		if cause := context.Cause(job); errors.Is(cause, remote.ErrLeaseLost) {
			cancel(cause)
		}
	})
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

func (w *worker) add(r *running) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs[r] = struct{}{}
}

func (w *worker) remove(r *running) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.jobs, r)
}

func (w *worker) hasOutcome(ctx context.Context, client, job string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := w.outcomes.GetLastMsgForSubject(ctx, w.outcomeSubject(client, job))
	return err == nil
}

// reporter returns the Report of an attempt. Each report is stored before the
// next, and before the outcome, in the stream that has them all, which is what keeps
// their order.
func (w *worker) reporter(ctx context.Context, r *running, delivery int, n *int) func([]byte) error {
	turn := make(chan struct{}, 1)
	return func(p []byte) error {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		*n++
		suffix := "." + strconv.Itoa(delivery) + "." + strconv.Itoa(*n)
		m := message(w.outcomeSubject(r.client, r.job)+suffix, nil, p)
		if err := w.fits(m); err != nil {
			return err
		}
		return w.publish(ctx, m, r.job+suffix)
	}
}

// conclude stores an outcome, and only then acknowledges the job. It tries until ctx
// ends.
func (w *worker) conclude(ctx context.Context, r *running, outcome *remote.Outcome) {
	header, body := outcome.Encode()
	m := message(w.outcomeSubject(r.client, r.job), header, body)
	if err := w.fits(m); err != nil {
		header, body = (&remote.Outcome{
			Worker: outcome.Worker, Delivery: outcome.Delivery, Failure: remote.NewFailure(fmt.Errorf("the result is %w", err)),
		}).Encode()
		m = message(m.Subject, header, body)
	}
	// One outcome a job is stored, the first.
	if err := w.publish(ctx, m, r.job); err != nil {
		w.logger.Warn("remotenats: an outcome could not be stored", "job", r.job, "err", err)
		return
	}
	_ = r.message.Ack()
}
