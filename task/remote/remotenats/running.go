package remotenats

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
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
	lose    context.CancelCauseFunc // for a lease that is lost: nothing more is stored
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
	// What is stored of a job ends with its lease, and not when the caller cancels the
	// job and waits for what it says to that.
	storing, lose := context.WithCancelCause(context.Background())
	defer lose(nil)
	ctx, cancel := context.WithCancelCause(storing)
	defer cancel(nil)
	r := &running{m, client, job.ID, time.Now(), lose, cancel}
	w.add(r)
	defer w.remove(r)

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

	ended, stop := w.listen(job.ID, cancel)
	defer stop()

	reports := 0
	outcome := w.handle(ctx, &remote.Attempt{
		Job: job, Delivery: delivery, Worker: w.options.worker,
		Report: w.reporter(storing, r, delivery, &reports),
	})
	ended()
	if errors.Is(context.Cause(ctx), remote.ErrLeaseLost) {
		// Another worker has the job, and its outcome is to be that one's. If there is
		// none, the message comes again.
		return
	}
	w.conclude(storing, r, outcome)
}

// listenAfter is when a job begins to listen for its cancellation. Most jobs that
// end before cost the server nothing for it; who cancels one, see cancelJob, asks
// for longer than this.
const listenAfter = 5 * time.Millisecond

// listen has the job cancelled when its caller says so. When the job has ended it
// does not begin to listen any more; one that listens goes on until its outcome is
// stored, so that who cancels it waits for that.
func (w *worker) listen(job string, cancel context.CancelCauseFunc) (ended, stop func()) {
	var mu sync.Mutex
	var orders *nats.Subscription
	over := false
	timer := time.AfterFunc(listenAfter, func() {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		// An error is that of a connection that is closed, which ends the job anyway.
		orders, _ = w.nc.Subscribe(w.cancelSubject(job), func(order *nats.Msg) {
			if failure, err := remote.DecodeFailure(order.Data); err == nil {
				_ = order.Respond(nil)
				cancel(failure.Err())
			}
		})
	})
	return func() { timer.Stop() }, func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
		if orders != nil {
			_ = orders.Unsubscribe()
		}
	}
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
	// A second one, of a repeated publish or another delivery, is ignored by its caller.
	if err := w.publish(ctx, m, ""); err != nil {
		w.logger.Warn("remotenats: an outcome could not be stored", "job", r.job, "err", err)
		return
	}
	_ = r.message.Ack()
}
