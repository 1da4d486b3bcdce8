package remotenats

import "github.com/nats-io/nats.go/jetstream"

// JobsForTest returns the stream of jobs.
func (e *Engine) JobsForTest() jetstream.Stream { return e.jobs }
