package remotenats

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/heirloom-go/heirloom/task/remote"
)

// callers knows which callers of a worker's jobs are there. A worker asks each
// caller once in a third of the lease, however many of its jobs it has, and before
// the first of them.
type callers struct {
	engine *Engine

	mu    sync.Mutex
	known map[string]*caller
}

type caller struct {
	jobs   map[*running]struct{}
	seen   time.Time // when the caller answered last
	silent int       // how many questions it has not answered since then
}

func (c *callers) init(e *Engine) {
	c.engine = e
	c.known = map[string]*caller{}
}

// join notes a job of a caller. It returns false if the caller is gone.
func (c *callers) join(ctx context.Context, r *running) bool {
	c.mu.Lock()
	one := c.known[r.client]
	if one == nil {
		one = &caller{jobs: map[*running]struct{}{}}
		c.known[r.client] = one
	}
	one.jobs[r] = struct{}{}
	fresh := time.Since(one.seen) < c.engine.lease
	c.mu.Unlock()
	if fresh || c.answers(ctx, r.client) || c.answersLater(ctx, r.client) {
		c.mu.Lock()
		one.seen = time.Now()
		c.mu.Unlock()
		return true
	}
	c.leave(r)
	return false
}

// answersLater asks a second time, in case the caller is reconnecting.
func (c *callers) answersLater(ctx context.Context, client string) bool {
	select {
	case <-time.After(c.engine.lease / 3):
		return c.answers(ctx, client)
	case <-ctx.Done():
		return true // the job finds out why ctx ended
	}
}

func (c *callers) leave(r *running) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.known[r.client]
	if one == nil {
		return
	}
	delete(one.jobs, r)
	c.forgetIdle(r.client, one)
}

// forgetIdle forgets a caller that has had no job here for so long that it must be
// asked before its next job. It reports whether it did. mu is held.
func (c *callers) forgetIdle(client string, one *caller) bool {
	idle := len(one.jobs) == 0 && time.Since(one.seen) > c.engine.lease
	if idle {
		delete(c.known, client)
	}
	return idle
}

// ask asks all callers that have jobs here, and cancels the jobs of callers that
// have not answered twice.
func (c *callers) ask(ctx context.Context) {
	c.mu.Lock()
	var clients []string
	for client, one := range c.known {
		if !c.forgetIdle(client, one) && len(one.jobs) > 0 {
			clients = append(clients, client)
		}
	}
	c.mu.Unlock()
	var asked sync.WaitGroup
	for _, client := range clients {
		asked.Go(func() {
			there := c.answers(ctx, client)
			c.mu.Lock()
			defer c.mu.Unlock()
			one := c.known[client]
			switch {
			case one == nil:
			case there:
				one.seen, one.silent = time.Now(), 0
			default:
				if one.silent++; one.silent >= 2 {
					for r := range one.jobs {
						r.cancel(remote.ErrCallerGone)
					}
				}
			}
		})
	}
	asked.Wait()
}

// answers reports whether a caller is there. A caller is absent only if the server
// says that nobody listens; a late answer proves nothing.
func (c *callers) answers(ctx context.Context, client string) bool {
	ctx, cancel := context.WithTimeout(ctx, c.engine.lease/3)
	defer cancel()
	_, err := c.engine.nc.RequestWithContext(ctx, c.engine.aliveSubject(client), nil)
	return !errors.Is(err, nats.ErrNoResponders)
}
