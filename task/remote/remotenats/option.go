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
	lease     time.Duration // 0 means the namespace's
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

// Namespace sets the namespace, which consists of letters, digits, hyphens and
// underscores. The default is "heirloom". Engines with different namespaces do not
// see each other.
func Namespace(name string) Option { return optionFunc(func(o *options) { o.namespace = name }) }

// Client sets the name to which outcomes for this engine's calls are addressed. The
// default is a random name, which is right for most programs. With a fixed name, a
// program that starts again finds the outcomes of jobs that it called before; see
// [Engine.Outcome]. No two programs may have the same name at the same time.
func Client(name string) Option { return optionFunc(func(o *options) { o.client = name }) }

// Worker sets the name of this worker in errors. The default is the name of the
// host and the ID of the process.
func Worker(name string) Option { return optionFunc(func(o *options) { o.worker = name }) }

// Lease sets the lease of the namespace if this engine makes it. The default is 30
// s. If the namespace exists with another lease, [New] fails with a [*LeaseError];
// without this option, New accepts the lease that it finds.
func Lease(d time.Duration) Option { return optionFunc(func(o *options) { o.lease = d }) }

// OutcomeAge sets how long outcomes and reports are stored, if this engine makes
// the namespace. The default is an hour. A caller that can't reach the server for
// longer may miss its outcome.
func OutcomeAge(d time.Duration) Option { return optionFunc(func(o *options) { o.age = d }) }

// InMemory makes the server keep the namespace in memory, if this engine makes it.
// Jobs are then lost when the server ends.
func InMemory() Option { return optionFunc(func(o *options) { o.storage = jetstream.MemoryStorage }) }

// Replicas sets on how many servers of a cluster each message is stored, if this
// engine makes the namespace. The default is 1. With 3, nothing is lost when one
// server is lost.
func Replicas(n int) Option { return optionFunc(func(o *options) { o.replicas = n }) }

// Logger sets where the engine logs what it cannot return to a caller: messages
// that are not jobs, and functions that no worker serves. The default is
// slog.Default().
func Logger(l *slog.Logger) Option { return optionFunc(func(o *options) { o.logger = l }) }

// A LeaseError is the error of an engine that requires another lease than its
// namespace has.
type LeaseError struct {
	Namespace string
	Want, Has time.Duration
}

func (e *LeaseError) Error() string {
	return fmt.Sprintf("remotenats: namespace %q has a lease of %v and not of %v: leave out Lease, or use another namespace",
		e.Namespace, e.Has, e.Want)
}
