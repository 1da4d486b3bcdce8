package remotenats

import (
	"context"
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
	worker   *worker
	message  jetstream.Msg
	client   string // the caller's
	job      string
	delivery int
	started  time.Time
	cancel   context.CancelCauseFunc
	// lost is closed when another worker may have the job. From then on nothing is
	// stored.
	lost chan struct{}

	reports turn

	mu     sync.Mutex
	orders *nats.Subscription // set while it listens
	over   bool               // it must not begin to listen any more
}

// run runs the job of a message, and stores its outcome.
func (w *worker) run(m jetstream.Msg) {
	info, err := m.Metadata()
	if err != nil {
		return
	}
	job, client, err := w.decode(m, info.Timestamp.Add(-w.ahead))
	if err != nil {
		// The sender can't be reached, so it gets no answer. The message must not come
		// again.
		w.logger.Warn("remotenats: a message that is no job was dropped", "subject", m.Subject(), "err", err)
		_ = m.Term()
		return
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	r := &running{
		worker: w, message: m, client: client, job: job.ID, delivery: int(min(info.NumDelivered, 1<<30)),
		started: time.Now(), cancel: cancel, lost: make(chan struct{}),
	}
	w.add(r)
	defer w.remove(r)

	if r.delivery > 1 {
		// The previous worker may have died between the outcome and the
		// acknowledgement.
		if w.hasOutcome(ctx, client, job.ID) {
			_ = m.Ack()
			return
		}
	}
	if r.delivery > job.Deliveries {
		r.conclude(&remote.Outcome{Worker: w.options.worker, Delivery: r.delivery - 1, Failure: remote.NewFailure(remote.ErrLost)})
		return
	}
	// The job listens before its caller is asked, because the question may take
	// long, and the job may run in the end.
	listening := time.AfterFunc(listenAfter, r.listen)
	defer r.listenNoMore()
	if !w.callers.join(ctx, r) {
		_ = m.Term()
		return
	}
	defer w.callers.leave(r)
	outcome := w.handle(ctx, &remote.Attempt{Job: job, Delivery: r.delivery, Worker: w.options.worker, Report: r.report})
	// A job that listens goes on listening until its outcome is stored, so that a
	// caller that cancels it waits for the outcome.
	listening.Stop()
	if r.isLost() {
		// Another worker has the job, and must give its outcome. If there is none, the
		// message comes again.
		return
	}
	r.conclude(outcome)
}

// lose cancels the job because its lease is over. Only the end of the lease ends what is
// stored of a job. When the caller cancels the job, it waits for the outcome, which must
// be stored.
func (r *running) lose() {
	r.cancel(remote.ErrLeaseLost)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isLost() {
		close(r.lost)
	}
}

func (r *running) isLost() bool {
	select {
	case <-r.lost:
		return true
	default:
		return false
	}
}

// listenAfter is the time after which a job begins to listen for its cancellation.
// Most jobs end before it, and cost the server nothing for listening. A caller that
// cancels a job asks for longer than this; see cancelJob.
const listenAfter = 5 * time.Millisecond

// listen makes the job be cancelled when its caller asks for it.
func (r *running) listen() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	// The only error is that the connection is closed, which ends the job anyway.
	r.orders, _ = r.worker.nc.Subscribe(r.worker.cancelSubject(r.job), func(order *nats.Msg) {
		if failure, err := remote.DecodeFailure(order.Data); err == nil {
			_ = order.Respond(nil)
			r.cancel(failure.Err())
		}
	})
}

func (r *running) listenNoMore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	if r.orders != nil {
		_ = r.orders.Unsubscribe()
	}
}

// decode returns the job in m and the name of its caller.
func (w *worker) decode(m jetstream.Msg, sent time.Time) (job *remote.Job, client string, err error) {
	header, content, err := unpack(m.Data())
	if err != nil {
		return nil, "", err
	}
	job, err = remote.DecodeJob(header, content, sent)
	if err != nil {
		return nil, "", err
	}
	parts := strings.Split(strings.TrimPrefix(m.Subject(), w.namespace+".job."), ".")
	if len(parts) != 3 || parts[0] != job.Func || parts[2] != job.ID || !isName(parts[1]) {
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

// A turn makes sure that the reports of a job are stored one after another.
type turn struct {
	mu   sync.Mutex
	free chan struct{} // has one element while no goroutine reports; nil before the first report
	n    int           // counts the reports; belongs to the goroutine that has the turn
}

func (t *turn) take(lost <-chan struct{}) (ok bool) {
	t.mu.Lock()
	if t.free == nil {
		t.free = make(chan struct{}, 1)
		t.free <- struct{}{}
	}
	t.mu.Unlock()
	select {
	case <-t.free:
		return true
	case <-lost:
		return false
	}
}

// report is the Report of an attempt. Each report is stored before the next one and
// before the outcome, all in the same stream, which keeps them in order.
func (r *running) report(p []byte) error {
	if !r.reports.take(r.lost) {
		return remote.ErrLeaseLost
	}
	defer func() { r.reports.free <- struct{}{} }()
	r.reports.n++
	m := &nats.Msg{
		Subject: r.worker.outcomeSubject(r.client, r.job) + "." + strconv.Itoa(r.delivery) + "." + strconv.Itoa(r.reports.n),
		// The ID must not follow from the job's, because the job may be called again;
		// see Resume.
		Header: nats.Header{jetstream.MsgIDHeader: {r.worker.messageID()}},
		Data:   p,
	}
	if err := r.worker.fits(m); err != nil {
		return err
	}
	return r.store(m)
}

// store stores a message of the job, unless the lease ends first.
func (r *running) store(m *nats.Msg) error {
	err := r.worker.publisher.publish(m, r.lost)
	if r.isLost() {
		return remote.ErrLeaseLost
	}
	return err
}

// conclude stores an outcome, and acknowledges the job only after that. It tries
// until the lease is over.
func (r *running) conclude(outcome *remote.Outcome) {
	w := r.worker
	header, body := outcome.Encode()
	m := &nats.Msg{Subject: w.outcomeSubject(r.client, r.job), Data: pack(header, body)}
	if err := w.fits(m); err != nil {
		header, body = (&remote.Outcome{
			Worker: outcome.Worker, Delivery: outcome.Delivery, Failure: remote.NewFailure(fmt.Errorf("the result is %w", err)),
		}).Encode()
		m.Data = pack(header, body)
	}
	// The caller ignores a second outcome, of a repeated publish or of another delivery.
	if err := r.store(m); err != nil {
		w.logger.Warn("remotenats: an outcome could not be stored", "job", r.job, "err", err)
		return
	}
	_ = r.message.Ack()
}
