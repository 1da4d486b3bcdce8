package remotetemporal

import (
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// An Option configures an [Engine]: [Prefix], [Worker], [Heartbeat], [Live].
type Option interface{ apply(*options) }

type options struct {
	prefix    string
	worker    string
	heartbeat time.Duration
	live      *client.Options // nil: reports come with the outcome
}

func defaults() options {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return options{
		prefix:    "heirloom-",
		worker:    fmt.Sprintf("%s pid %d", host, os.Getpid()),
		heartbeat: 2 * time.Second,
	}
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// Prefix sets what the names of the task queues begin with, "heirloom-" if it is not
// given; the function's name follows. Engines with different ones know nothing of each
// other.
func Prefix(s string) Option { return optionFunc(func(o *options) { o.prefix = s }) }

// Worker sets the name of this worker in errors and in what Temporal shows; the host's
// name and the process's ID if it is not given.
func Worker(name string) Option { return optionFunc(func(o *options) { o.worker = name }) }

// Heartbeat sets how often a worker gives a sign of life for each of its jobs, and a
// caller asks for reports: each 2 s if it is not given, and at least three times in a
// job's lease. It is how soon a job that runs hears that it was cancelled. Each
// heartbeat is a call of the server, which Temporal Cloud bills.
func Heartbeat(d time.Duration) Option { return optionFunc(func(o *options) { o.heartbeat = d }) }

// Live has reports come while their job runs, within two heartbeats. o is what the
// client was made with, which does not tell its namespace and its data converter.
// Without this option reports come just before the outcome.
func Live(o client.Options) Option {
	if o.Namespace == "" {
		o.Namespace = client.DefaultNamespace
	}
	if o.DataConverter == nil {
		o.DataConverter = converter.GetDefaultDataConverter()
	}
	return optionFunc(func(e *options) { e.live = &o })
}
