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

// An inbox brings outcomes and reports to the calls that wait for them. It has one
// ordered consumer, and so one goroutine, for all calls of an engine.
type inbox struct {
	prefix    string // of the subjects, before the job's ID
	publisher *publisher
	alive     *nats.Subscription
	consumer  jetstream.ConsumeContext

	mu    sync.Mutex
	calls map[string]*call // by job
}

// openInbox returns the engine's inbox, and makes it if this is the first call.
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
	// From what is stored next. The consumer goes on behind the last message that it
	// has given, also when it has to be made again.
	// (A handle of its own, for the engine's is not to be asked while it is used.)
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
	// A connection that is closed for good ends the calls.
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

// expect makes what arrives for a job wait for its call.
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

// receive is called by the consumer's goroutine with one message after another,
// in the order in which they were stored. What is for no call is passed over.
func (in *inbox) receive(m jetstream.Msg) {
	job, report, _ := strings.Cut(strings.TrimPrefix(m.Subject(), in.prefix), ".")
	in.mu.Lock()
	c := in.calls[job]
	in.mu.Unlock()
	if c != nil {
		c.receive(report, m)
	}
}

// replay makes what is stored of a job, and what will be, arrive for a call that is
// none of the inbox's.
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

// A call is what has arrived for a job and that its call, whose goroutine alone
// takes it, has not seen. Reports are handled there, so that a slow one holds up
// nobody else's.
type call struct {
	arrived chan struct{} // has one when there is something to take

	mu      sync.Mutex
	waiting []arrival
}

func newCall() *call { return &call{arrived: make(chan struct{}, 1)} }

// receive takes what has come for the job: its outcome, or a report, which says so
// as "delivery.number". Anybody who may publish here can have sent it, and what
// makes no sense is passed over.
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

// take passes on the reports that have arrived, and returns the outcome if that
// has.
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
