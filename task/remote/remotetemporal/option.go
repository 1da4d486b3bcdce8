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

// Prefix sets the beginning of the names of the task queues, to which the function's
// name is added. The default is "heirloom-". Engines with different prefixes do not see
// each other.
func Prefix(s string) Option { return optionFunc(func(o *options) { o.prefix = s }) }

// Worker sets the name of this worker in errors and in what Temporal shows. The default
// is the name of the host and the ID of the process.
func Worker(name string) Option { return optionFunc(func(o *options) { o.worker = name }) }

// Heartbeat sets how often a worker gives a sign of life for each of its jobs, and how
// often a caller asks for reports. The default is 2 s, and there are at least three in
// a job's lease. A running job learns within this time that it was cancelled. Each
// heartbeat is a call of the server, which Temporal Cloud bills.
func Heartbeat(d time.Duration) Option { return optionFunc(func(o *options) { o.heartbeat = d }) }

// Live makes reports arrive while their job runs, within two heartbeats. o must be the
// options of the client, because a client does not reveal its namespace and its data
// converter. Without this option, reports arrive just before the outcome.
func Live(o client.Options) Option {
	if o.Namespace == "" {
		o.Namespace = client.DefaultNamespace
	}
	if o.DataConverter == nil {
		o.DataConverter = converter.GetDefaultDataConverter()
	}
	return optionFunc(func(e *options) { e.live = &o })
}
