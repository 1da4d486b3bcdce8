package remotenats

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task/remote"
)

// An Engine is a remote.Engine over NATS JetStream. Its methods are safe for
// concurrent use.
type Engine struct {
	options
	nc       *nats.Conn
	js       jetstream.JetStream
	jobs     jetstream.Stream
	outcomes jetstream.Stream

	closed chan struct{} // when Close is called, or nc is closed
	close  func()

	mu    sync.Mutex
	inbox *inbox           // made by the first call
	gates map[string]*gate // by function
}

var _ remote.Engine = (*Engine)(nil)

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// The metadata of the stream of jobs in which the namespace's lease is written,
// once, by who makes it.
const leaseKey = "heirloom-lease"

// New returns an engine over nc, and makes the streams of its namespace if they are
// missing. ctx is for that alone. It has to be closed, and nc after it.
func New(ctx context.Context, nc *nats.Conn, opts ...Option) (*Engine, error) {
	e := &Engine{options: defaults(), nc: nc, closed: make(chan struct{}), gates: map[string]*gate{}}
	e.close = sync.OnceFunc(func() { close(e.closed) })
	for _, opt := range opts {
		opt.apply(&e.options)
	}
	for what, name := range map[string]string{"namespace": e.namespace, "client": e.client} {
		if !nameForm.MatchString(name) {
			return nil, fmt.Errorf("remotenats: %s %q: a name is 1 to 64 letters, digits, hyphens and underscores", what, name)
		}
	}
	if e.lease < 0 || e.age <= 0 || e.replicas <= 0 {
		return nil, fmt.Errorf("remotenats: Lease %v, OutcomeAge %v, Replicas %d: each must be positive", e.lease, e.age, e.replicas)
	}
	var err error
	if e.js, err = jetstream.New(nc); err != nil {
		return nil, fmt.Errorf("remotenats: %w", err)
	}
	if err := e.open(ctx); err != nil {
		return nil, fmt.Errorf("remotenats: namespace %q: %w", e.namespace, err)
	}
	return e, nil
}

// open finds the namespace's streams, or makes them.
func (e *Engine) open(ctx context.Context) (err error) {
	wanted := e.lease
	if wanted == 0 {
		wanted = defaultLease
	}
	e.jobs, err = e.stream(ctx, jetstream.StreamConfig{
		Name:      e.namespace + "-jobs",
		Subjects:  []string{e.namespace + ".job.>"},
		Retention: jetstream.WorkQueuePolicy,
		Metadata:  map[string]string{leaseKey: wanted.String()},
	})
	if err != nil {
		return err
	}
	text := e.jobs.CachedInfo().Config.Metadata[leaseKey]
	has, err := time.ParseDuration(text)
	if err != nil || has <= 0 {
		return fmt.Errorf("stream %s-jobs is none of ours: its lease is %q", e.namespace, text)
	}
	if e.lease != 0 && e.lease != has {
		return &LeaseError{e.namespace, e.lease, has}
	}
	e.lease = has
	e.outcomes, err = e.stream(ctx, jetstream.StreamConfig{
		Name:      e.namespace + "-outcomes",
		Subjects:  []string{e.namespace + ".out.>"},
		Retention: jetstream.LimitsPolicy,
		MaxAge:    e.age,
		// To find an outcome that is stored already.
		AllowDirect: true,
	})
	return err
}

// stream returns the stream of that name, as it is, or makes it.
func (e *Engine) stream(ctx context.Context, config jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := e.js.Stream(ctx, config.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return s, err
	}
	config.Storage, config.Replicas = e.storage, e.replicas
	// A message that is published again, because its acknowledgement was lost, is
	// stored once.
	config.Duplicates = min(2*time.Minute, e.age)
	s, err = e.js.CreateStream(ctx, config)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // somebody else was faster
		return e.js.Stream(ctx, config.Name)
	}
	return s, err
}

// Close ends what the engine has running for its calls. Calls that wait fail, and
// so do later ones. It leaves the connection open, and has no part in [remote.Serve],
// which ends with its ctx.
func (e *Engine) Close() error {
	e.close()
	e.mu.Lock()
	inbox := e.inbox
	e.mu.Unlock()
	if inbox != nil {
		inbox.stop()
	}
	return nil
}

// Outcome returns the outcome of a job that this client, see [Client], called, and
// whether it is stored: since the job ended, for [OutcomeAge].
func (e *Engine) Outcome(ctx context.Context, job string) (*remote.Outcome, bool, error) {
	m, err := e.outcomes.GetLastMsgForSubject(ctx, e.outcomeSubject(e.client, job))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	outcome, err := remote.DecodeOutcome(plain(m.Header), m.Data)
	return outcome, err == nil, err
}

// The subjects of a namespace.

func (e *Engine) jobSubject(fn, client, job string) string {
	return e.namespace + ".job." + fn + "." + client + "." + job
}

func (e *Engine) outcomeSubject(client, job string) string {
	return e.namespace + ".out." + client + "." + job
}

// cancelSubject is where the worker of a running job listens.
func (e *Engine) cancelSubject(job string) string { return e.namespace + ".cancel." + job }

// aliveSubject is where a caller answers that it is there.
func (e *Engine) aliveSubject(client string) string { return e.namespace + ".alive." + client }

// Header values as ctxwire has them, and as NATS has them.

func plain(h nats.Header) map[string]string {
	m := make(map[string]string, len(h))
	for key, values := range h {
		if len(values) > 0 {
			m[key] = values[0]
		}
	}
	return m
}

func message(subject string, header map[string]string, body []byte) *nats.Msg {
	m := &nats.Msg{Subject: subject, Header: make(nats.Header, len(header)+1), Data: body}
	for key, value := range header {
		m.Header[key] = []string{value}
	}
	return m
}

// fits returns remote.ErrTooLarge if the server does not take m.
func (e *Engine) fits(m *nats.Msg) error {
	size := len(m.Data)
	for key, values := range m.Header {
		size += len(key) + len(values[0]) + len(": \r\n")
	}
	const around = 256 // the version line, and headers that the client adds
	if limit := e.nc.MaxPayload(); int64(size+around) > limit {
		return fmt.Errorf("%w: %d bytes, where %d fit", remote.ErrTooLarge, size, limit-around)
	}
	return nil
}

// publish stores m, and tries until it is stored or ctx ends, through lost
// connections and changes of leaders. It is stored once if it has an id, which costs
// the server something, and maybe twice if that is "". The error is that of
// ctx, or says why it can never be stored.
func (e *Engine) publish(ctx context.Context, m *nats.Msg, id string) error {
	if id != "" {
		m.Header[jetstream.MsgIDHeader] = []string{id}
	}
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, err := e.js.PublishMsg(attempt, m)
		cancel()
		if err == nil || errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrMaxPayload) || isRefusal(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-e.closed:
			return nats.ErrConnectionClosed
		case <-time.After(pause):
		}
	}
}

// isRefusal reports whether the server will never take the message: the stream is
// gone, or has a limit.
func isRefusal(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.Code >= 400 && api.Code < 500
}

// outside calls fn without variables: what it starts for the engine outlives the
// call that comes first.
func outside(fn func()) { ctxvar.Detach(fn) }
