package remotenats

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

	id       string        // of this engine; random
	messages atomic.Uint64 // how many messages have been given an ID

	closed chan struct{} // closed when Close is called or nc is closed
	close  func()

	mu    sync.Mutex
	inbox *inbox           // made by the first call
	gates map[string]*gate // by function
}

var _ remote.Engine = (*Engine)(nil)

// isName reports whether s may be part of one of our subjects.
func isName(s string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	return s != "" && len(s) <= 64 && strings.Trim(s, letters) == ""
}

// The key in the metadata of the stream of jobs under which the maker of the
// namespace writes its lease, once.
const leaseKey = "heirloom-lease"

// New returns an engine over nc, and makes the streams of its namespace if they are
// missing. It uses ctx only while it does so. The caller must close the engine, and
// nc after it.
func New(ctx context.Context, nc *nats.Conn, opts ...Option) (*Engine, error) {
	e := &Engine{options: defaults(), nc: nc, id: rand.Text()[:16], closed: make(chan struct{}), gates: map[string]*gate{}}
	e.close = sync.OnceFunc(func() { close(e.closed) })
	for _, opt := range opts {
		if opt == nil {
			panic(&ctxvar.UsageError{Func: "remotenats.Option", Problem: "nil Option; leave it out"})
		}
		opt.apply(&e.options)
	}
	for what, name := range map[string]string{"namespace": e.namespace, "client": e.client} {
		if !isName(name) {
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
		// Outcome gets a message directly, by its subject.
		AllowDirect: true,
	})
	return err
}

// stream returns the stream of that name as it is, or makes it.
func (e *Engine) stream(ctx context.Context, config jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := e.js.Stream(ctx, config.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return s, err
	}
	config.Storage, config.Replicas = e.storage, e.replicas
	// A message that is published again, because its acknowledgement was lost, is
	// stored once. The server accepts no window longer than MaxAge.
	config.Duplicates = 2 * time.Minute
	if config.MaxAge > 0 {
		config.Duplicates = min(config.Duplicates, config.MaxAge)
	}
	s, err = e.js.CreateStream(ctx, config)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another engine was faster
		return e.js.Stream(ctx, config.Name)
	}
	return s, err
}

// Close ends what the engine runs for its calls. Waiting calls fail, and so do later
// ones. Close leaves the connection open, and does not affect [remote.Serve], which
// ends with its ctx.
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

// Outcome returns the outcome of a job that this client (see [Client]) called, and
// whether it is stored. An outcome is stored from the end of the job on, for
// [OutcomeAge].
func (e *Engine) Outcome(ctx context.Context, job string) (*remote.Outcome, bool, error) {
	m, err := e.outcomes.GetLastMsgForSubject(ctx, e.outcomeSubject(e.client, job))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	outcome, err := decodeOutcome(m.Data)
	return outcome, err == nil, err
}

// The subjects of a namespace.

func (e *Engine) jobSubject(fn, client, job string) string {
	return e.namespace + ".job." + fn + "." + client + "." + job
}

func (e *Engine) outcomeSubject(client, job string) string {
	return e.namespace + ".out." + client + "." + job
}

// cancelSubject is the subject on which the worker of a running job listens.
func (e *Engine) cancelSubject(job string) string { return e.namespace + ".cancel." + job }

// aliveSubject is the subject on which a caller answers that it is there.
func (e *Engine) aliveSubject(client string) string { return e.namespace + ".alive." + client }

// messageID returns an ID that no other message has.
func (e *Engine) messageID() string { return e.id + strconv.FormatUint(e.messages.Add(1), 36) }

// outside calls fn without variables, because the goroutines that it starts for the
// engine outlive the call that happens to come first.
func outside(fn func()) { ctxvar.Detach(fn) }
