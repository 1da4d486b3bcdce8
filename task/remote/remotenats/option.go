package remotenats

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// An Option configures an [Engine].
type Option interface{ apply(*options) }

type options struct {
	namespace string
	client    string
	worker    string
	lease     time.Duration // 0: the namespace's
	age       time.Duration
	storage   jetstream.StorageType
	replicas  int
	logger    *slog.Logger
}

func defaults() options {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return options{
		namespace: "heirloom",
		client:    rand.Text(),
		worker:    fmt.Sprintf("%s pid %d", host, os.Getpid()),
		age:       time.Hour,
		storage:   jetstream.FileStorage,
		replicas:  1,
		logger:    slog.Default(),
	}
}

// defaultLease is the lease of a namespace that is made without [Lease].
const defaultLease = 30 * time.Second

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// Namespace sets the namespace, "heirloom" if it is not given: letters, digits,
// hyphens and underscores. Engines with different ones know nothing of each other.
func Namespace(name string) Option { return optionFunc(func(o *options) { o.namespace = name }) }

// Client sets the name by which outcomes are addressed to this engine's calls: at
// random if it is not given, which is right for most. With a name that stays the
// same, a program that starts again finds the outcomes of jobs that it called
// before, see [Engine.Outcome]. No two programs may have one name at the same time.
func Client(name string) Option { return optionFunc(func(o *options) { o.client = name }) }

// Worker sets the name of this worker in errors; the host's name and the process's
// ID if it is not given.
func Worker(name string) Option { return optionFunc(func(o *options) { o.worker = name }) }

// Lease sets the lease of the namespace, if this engine makes it: 30 s if it is not
// given. If the namespace is there and has another one, [New] fails with a
// [*LeaseError]; without this option it takes the one that is there.
func Lease(d time.Duration) Option { return optionFunc(func(o *options) { o.lease = d }) }

// OutcomeAge sets how long outcomes and reports are stored, if this engine makes
// the namespace: an hour if it is not given. A caller that can't reach the server
// for longer may miss its outcome.
func OutcomeAge(d time.Duration) Option { return optionFunc(func(o *options) { o.age = d }) }

// InMemory has the server keep the namespace in memory, if this engine makes it:
// jobs are then lost when the server ends.
func InMemory() Option { return optionFunc(func(o *options) { o.storage = jetstream.MemoryStorage }) }

// Replicas sets on how many servers of a cluster each message is stored, if this
// engine makes the namespace: 1 if it is not given. With 3, nothing is lost if one
// server is.
func Replicas(n int) Option { return optionFunc(func(o *options) { o.replicas = n }) }

// Logger sets where the engine logs what it has no caller to return to: messages
// that are no jobs, functions that no worker serves. slog.Default() if it is not
// given.
func Logger(l *slog.Logger) Option { return optionFunc(func(o *options) { o.logger = l }) }

// A LeaseError is the error of an engine that wants another lease than its
// namespace has.
type LeaseError struct {
	Namespace string
	Want, Has time.Duration
}

func (e *LeaseError) Error() string {
	return fmt.Sprintf("remotenats: namespace %q has a lease of %v and not of %v: leave out Lease, or use another namespace",
		e.Namespace, e.Has, e.Want)
}
