package remotenats

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A gate holds calls of one function back while as many jobs wait for a worker as
// its backlog allows. All calls of an engine share one gate, so that the server is
// asked once, however many of them wait.
//
// The gate counts the jobs that may still be sent, starting from the server's last
// answer. Each call takes one. When none is left, one of the waiting calls asks
// again, and the others wait for it.
type gate struct {
	engine *Engine
	fn     string
	asking chan struct{} // has one place, for the call that asks the server

	mu     sync.Mutex
	free   int
	warned bool
}

func (e *Engine) gate(fn string) *gate {
	e.mu.Lock()
	defer e.mu.Unlock()
	g := e.gates[fn]
	if g == nil {
		g = &gate{engine: e, fn: fn, asking: make(chan struct{}, 1)}
		e.gates[fn] = g
	}
	return g
}

// pass returns nil when one more job may be sent.
func (g *gate) pass(ctx context.Context, backlog int) error {
	if backlog <= 0 || g.take() {
		return nil
	}
	select {
	case g.asking <- struct{}{}:
		defer func() { <-g.asking }()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-g.engine.closed:
		return nats.ErrConnectionClosed
	}
	for pause := time.Millisecond; !g.take(); pause = min(2*pause, 50*time.Millisecond) {
		waiting, err := g.waiting(ctx)
		if err == nil && waiting < backlog {
			g.mu.Lock()
			g.free = backlog - waiting
			g.mu.Unlock()
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-g.engine.closed:
			return nats.ErrConnectionClosed
		case <-time.After(pause):
		}
	}
	return nil
}

func (g *gate) take() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.free == 0 {
		return false
	}
	g.free--
	return true
}

// waiting returns how many jobs of the function wait for a worker.
func (g *gate) waiting(ctx context.Context) (int, error) {
	info, err := g.info(ctx)
	if err != nil {
		return 0, err
	}
	return int(info.NumPending), nil
}

// info returns the server's current information about the function's consumer.
func (g *gate) info(ctx context.Context) (*jetstream.ConsumerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	// Each question has a handle of its own, because goroutines that ask must not
	// share one of the client's.
	consumer, err := g.engine.jobs.Consumer(ctx, g.fn)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		consumer, err = g.engine.consumer(ctx, g.fn)
	}
	if err != nil {
		return nil, err
	}
	return consumer.CachedInfo(), nil
}

// warnIfUnserved logs, once, that no worker serves the function.
func (g *gate) warnIfUnserved(ctx context.Context) {
	info, err := g.info(ctx)
	if err != nil || info.NumWaiting > 0 || info.NumAckPending > 0 {
		return // workers have no free place, or they ask for jobs and get them
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.warned {
		g.warned = true
		g.engine.logger.Warn("remotenats: no worker serves the function; its calls wait", "func", g.fn, "namespace", g.engine.namespace)
	}
}
