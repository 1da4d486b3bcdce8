package remotenats

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/heirloom-go/heirloom/task/remote"
)

// An inbox brings outcomes and reports to the calls that wait for them. All calls
// of an engine share its one ordered consumer, and so one goroutine.
type inbox struct {
	prefix    string // of the subjects, up to the job's ID
	publisher *publisher
	alive     *nats.Subscription
	consumer  jetstream.ConsumeContext

	mu    sync.Mutex
	calls map[string]*call // by job
}

// openInbox returns the engine's inbox. The first call makes it.
func (e *Engine) openInbox(ctx context.Context) (*inbox, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.closed:
		return nil, nats.ErrConnectionClosed
	default:
	}
	if e.inbox != nil {
		return e.inbox, nil
	}
	in := &inbox{prefix: e.namespace + ".out." + e.client + ".", calls: map[string]*call{}}
	var err error
	outside(func() { err = in.open(ctx, e) })
	if err != nil {
		in.stop()
		return nil, fmt.Errorf("remotenats: listening for outcomes: %w", err)
	}
	e.inbox = in
	return in, nil
}

func (in *inbox) open(ctx context.Context, e *Engine) (err error) {
	in.publisher, err = newPublisher(e.nc, e.closed)
	if err != nil {
		return err
	}
	in.alive, err = e.nc.Subscribe(e.aliveSubject(e.client), func(m *nats.Msg) { _ = m.Respond(nil) })
	if err != nil {
		return err
	}
	// The consumer begins with the next message to be stored. When it has to be made
	// again, it goes on after the last message that it delivered. It gets a handle
	// of its own, because the engine's must not be asked while it is in use.
	outcomes, err := e.js.Stream(ctx, e.outcomes.CachedInfo().Config.Name)
	if err != nil {
		return err
	}
	ordered, err := e.outcomes.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{in.prefix + ">"},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:    outcomes.CachedInfo().State.LastSeq + 1,
	})
	if err != nil {
		return err
	}
	in.consumer, err = ordered.Consume(in.receive, jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if e.nc.IsClosed() {
			e.close()
			return
		}
		e.logger.Debug("remotenats: listening for outcomes", "err", err)
	}))
	if err != nil {
		return err
	}
	// When the connection is closed for good, the calls end.
	closed := e.nc.StatusChanged(nats.CLOSED)
	go func() {
		defer e.nc.RemoveStatusListener(closed)
		select {
		case <-closed:
			e.close()
		case <-e.closed:
		}
	}()
	return nil
}

func (in *inbox) stop() {
	if in.publisher != nil {
		in.publisher.stop()
	}
	if in.alive != nil {
		_ = in.alive.Unsubscribe()
	}
	if in.consumer != nil {
		in.consumer.Stop()
	}
}

// expect makes the inbox keep what arrives for a job until its call takes it.
func (in *inbox) expect(job string) *call {
	in.mu.Lock()
	defer in.mu.Unlock()
	c := newCall()
	in.calls[job] = c
	return c
}

func (in *inbox) forget(job string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.calls, job)
}

// receive is called by the consumer's goroutine with one message after another, in
// the order in which they were stored. It skips messages that are for no call.
func (in *inbox) receive(m jetstream.Msg) {
	job, report, _ := strings.Cut(strings.TrimPrefix(m.Subject(), in.prefix), ".")
	in.mu.Lock()
	c := in.calls[job]
	in.mu.Unlock()
	if c != nil {
		c.receive(report, m)
	}
}

// replay gives to a call, which is not among the inbox's, everything that is stored
// of a job and that will be.
func (e *Engine) replay(ctx context.Context, job string) (c *call, stop func(), err error) {
	subject := e.outcomeSubject(e.client, job)
	ordered, err := e.outcomes.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{subject, subject + ".>"},
	})
	if err != nil {
		return nil, nil, err
	}
	c = newCall()
	var consuming jetstream.ConsumeContext
	outside(func() {
		consuming, err = ordered.Consume(func(m jetstream.Msg) {
			c.receive(strings.TrimPrefix(strings.TrimPrefix(m.Subject(), subject), "."), m)
		})
	})
	if err != nil {
		return nil, nil, err
	}
	return c, func() {
		consuming.Stop()
		<-consuming.Closed()
	}, nil
}

// A call holds what has arrived for a job until the goroutine of its caller, and no
// other, takes it. That goroutine handles the reports, so a slow handler delays no
// other call.
type call struct {
	arrived chan struct{} // has one element when there is something to take

	mu      sync.Mutex
	waiting []arrival
}

func newCall() *call { return &call{arrived: make(chan struct{}, 1)} }

// receive takes a message for the job: its outcome, or a report, which is marked as
// "delivery.number". Anyone who may publish here can have sent it, so receive skips
// what makes no sense.
func (c *call) receive(report string, m jetstream.Msg) {
	if report == "" {
		if outcome, err := decodeOutcome(m.Data()); err == nil {
			c.put(arrival{outcome: outcome})
		}
		return
	}
	first, number, _ := strings.Cut(report, ".")
	if delivery, err := strconv.Atoi(first); err == nil && number != "" && !strings.Contains(number, ".") {
		c.put(arrival{delivery: delivery, report: m.Data()})
	}
}

// An arrival is an outcome or a report.
type arrival struct {
	outcome  *remote.Outcome
	delivery int
	report   []byte
}

func (c *call) put(a arrival) {
	c.mu.Lock()
	c.waiting = append(c.waiting, a)
	c.mu.Unlock()
	select {
	case c.arrived <- struct{}{}:
	default:
	}
}

// take passes on the reports that have arrived, and returns the outcome if it has
// arrived too.
func (c *call) take(job *remote.Job) *remote.Outcome {
	c.mu.Lock()
	waiting := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	for _, a := range waiting {
		if a.outcome != nil {
			return a.outcome
		}
		if job.Progress != nil {
			job.Progress(remote.Progress{Func: job.Func, Job: job.ID, Delivery: a.delivery, Data: a.report})
		}
	}
	return nil
}
