package remotetemporal

import (
	"context"
	"errors"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Temporal does not say whether a caller is there. So a caller whose calls take long
// keeps a presence: two activities that no worker runs. The server ends each of them
// after two leases, and the caller starts them by turns, so that one is there while the
// other ends. Workers look for the presence of the callers of their jobs. All calls of
// an engine with the same lease share one presence.
//
// A worker looks for a caller only if the job is older than a lease, and a caller
// begins its presence after a third of the lease, so that short calls cost the server
// nothing.

// callerKey is the key under which a job has the ID of its caller's presence.
const callerKey = "Heirloom-Caller"

// presenceQueue is the name of the task queue of presences, after the engine's prefix.
// No function can have this name.
const presenceQueue = ".callers"

// minAttendance is the shortest lease of a presence, because a program may well be held
// up for as long as the shortest leases of jobs.
const minAttendance = 2 * time.Second

// attendance returns the lease of the presence for jobs that have the given lease.
func attendance(lease time.Duration) time.Duration { return max(lease, minAttendance) }

// A presence is kept while there are calls.
type presence struct {
	calls int
	stop  func() // ends the presence and waits until it is no longer kept
}

// attend keeps the engine's presence until leave is called, and returns its ID.
func (e *Engine) attend(lease time.Duration) (id string, leave func()) {
	lease = attendance(lease)
	id = e.caller + "-" + lease.String()
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.presences[lease]
	if p == nil {
		ctx, cancel := context.WithCancel(context.Background())
		var keeping sync.WaitGroup
		ctxvar.Detach(func() { keeping.Go(func() { e.keepPresence(ctx, id, lease) }) })
		p = &presence{stop: func() { cancel(); keeping.Wait() }}
		e.presences[lease] = p
	}
	p.calls++
	return id, func() {
		e.mu.Lock()
		p.calls--
		last := p.calls == 0
		if last {
			delete(e.presences, lease)
		}
		e.mu.Unlock()
		if last {
			p.stop()
		}
	}
}

// keepPresence starts one of the presence's two activities in each third of a lease,
// unless that activity exists. It does not end them with the calls, since they end by
// themselves.
func (e *Engine) keepPresence(ctx context.Context, id string, lease time.Duration) {
	tick := time.NewTicker(lease / 3)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		starting, stop := context.WithTimeout(ctx, lease)
		// An error means that the server can't be reached. The next attempt comes soon.
		_, _ = e.client.ExecuteActivity(starting, client.StartActivityOptions{
			ID:                       turns(id)[n/3%2],
			TaskQueue:                e.prefix + presenceQueue,
			ScheduleToCloseTimeout:   2 * lease,
			ActivityIDReusePolicy:    enumspb.ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE,
			ActivityIDConflictPolicy: enumspb.ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING,
		}, "caller")
		stop()
	}
}

// turns returns the IDs of the two activities of a presence.
func turns(id string) [2]string { return [2]string{id + "-1", id + "-2"} }

// missing is how many times in a row a worker must look for a caller in vain before the
// caller counts as gone: any program may be held up for a while.
const missing = 3

// callers knows which callers of a worker's jobs are there. A worker looks for each
// caller once in a third of a lease, however many of its jobs it has.
type callers struct {
	engine *Engine

	mu    sync.Mutex
	known map[string]*caller // by presence
}

type caller struct {
	jobs   int
	asked  time.Time
	missed int // how often the caller was missing since it was last seen
}

func (c *callers) join(presence string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.known[presence]
	if one == nil {
		one = new(caller)
		c.known[presence] = one
	}
	one.jobs++
}

func (c *callers) leave(presence string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.known[presence]
	if one.jobs--; one.jobs == 0 {
		delete(c.known, presence)
	}
}

// missed looks for a caller for which join was called, unless it did so a short while
// ago. It returns how often the caller has been missing since it was last seen.
func (c *callers) missed(ctx context.Context, presence string, lease time.Duration) int {
	lease = attendance(lease)
	c.mu.Lock()
	one := c.known[presence]
	missed, fresh := one.missed, time.Since(one.asked) < lease/3
	if !fresh {
		one.asked = time.Now()
	}
	c.mu.Unlock()
	if fresh {
		return missed
	}
	there, known := c.find(ctx, presence, lease)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case there:
		one.missed = 0
	case known:
		one.missed++
	}
	return one.missed
}

// find reports whether a caller is there, and whether the server has said so. If the
// server can't be reached, neither is known.
func (c *callers) find(ctx context.Context, presence string, lease time.Duration) (there, known bool) {
	ctx, cancel := context.WithTimeout(ctx, lease)
	defer cancel()
	for _, id := range turns(presence) {
		handle := c.engine.client.GetActivityHandle(client.GetActivityHandleOptions{ActivityID: id})
		d, err := handle.Describe(ctx, client.DescribeActivityOptions{})
		var none *serviceerror.NotFound
		switch {
		case errors.As(err, &none):
		case err != nil:
			return false, false
		case d.Status == enumspb.ACTIVITY_EXECUTION_STATUS_RUNNING:
			return true, true
		}
	}
	return false, true
}
