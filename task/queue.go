package task

import (
	"context"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// places implements the Limit option of a Group, the number of its tasks that
// may run at once. A task has a place from its start to its end, but lends it
// while it waits for tasks of the Group. Tasks without a place are queued.
//
// mu is held only briefly, and no other lock is taken meanwhile but that of
// awaited. It may be taken with the mu of a node locked.
type places struct {
	limit int
	all   node // what a task without a place waits for, to the search for deadlocks

	mu      sync.Mutex
	claims  map[*node]*claim // of the tasks that were started or queued and have not ended
	holders []*claim         // with a place; too many if some of them were cancelled
	back    []*claim         // of tasks that wait to get back the place that they lent; they come first
	queue   []*claim         // of tasks that were not started yet, the oldest first
	head    int              // of queue
	dropped int              // tasks in queue that wait no longer
	awaited Members          // tasks without a place that others may wait for
}

// A claim is a task's claim to a place.
type claim struct {
	n      *node
	at     int        // in holders, or -1
	wants  bool       // a place
	back   *comeback  // what it waits with if it is in back, nil if it is in queue
	listed *member    // its entry in awaited, or nil
	labels gls.Labels // of the goroutine that started the task; another one starts its goroutine
	// stay, if not nil, keeps a queued task from leaving when its ctx ends. It is set
	// under mu while the task is queued, and called by the goroutine that removes the
	// task from the queue.
	stay func() bool
}

// A comeback is the wait of a task that wants its place back.
type comeback struct {
	came  chan struct{} // closed when the task has its place
	until until
}

func newPlaces(limit int) *places {
	p := &places{limit: limit, claims: make(map[*node]*claim)}
	p.all.self = p
	return p
}

// asPlaces returns the places that n stands for, or nil.
func (n *node) asPlaces() *places {
	p, _ := n.self.(*places)
	return p
}

// places returns the places that n, a task, must have one of to run, or nil.
func (n *node) places() *places {
	if n.home == nil || n.scope() != nil || n.is(isIdle) {
		return nil
	}
	return n.home.places
}

// A grant is a copy of a claim, made when the claim got a place.
type grant claim

// hold gives c a place; p.mu is locked.
func (p *places) hold(c *claim) grant {
	c.wants = false
	p.unlist(c)
	c.at = len(p.holders)
	p.holders = append(p.holders, c)
	return grant(*c)
}

// free takes c's place away, if it has one; p.mu is locked.
func (p *places) free(c *claim) {
	if c.at < 0 {
		return
	}
	end := len(p.holders) - 1
	last := p.holders[end]
	p.holders[c.at], last.at = last, c.at
	p.holders[end] = nil
	p.holders = p.holders[:end]
	c.at = -1
}

// list puts c, which waits, among those that others may wait for; p.mu is locked.
func (p *places) list(c *claim) {
	if c.listed == nil {
		c.listed = &member{n: c.n}
		p.awaited.add(c.listed)
	}
}

// unlist undoes list; p.mu is locked.
func (p *places) unlist(c *claim) {
	if c.listed != nil {
		p.awaited.remove(c.listed)
		c.listed = nil
	}
}

// begin lets the task go on, or start. It needs no lock: once a task has a place,
// it may go on by itself and wait for another.
func (c grant) begin() {
	if c.back != nil {
		close(c.back.came)
		return
	}
	if c.stay != nil {
		c.stay()
	}
	before := c.labels.Put()
	c.n.spawn()
	before.Put()
}

// enter takes a place for n, or else queues n. n.mu is locked.
func (p *places) enter(n *node) (c *claim, placed, awaited bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c = &claim{n: n, at: -1, labels: gls.SaveLabels()}
	p.claims[n] = c
	if len(p.holders) < p.limit {
		p.hold(c)
		return c, true, false
	}
	c.wants = true
	p.queue = append(p.queue, c)
	if awaited = n.hooks != nil || n.memberships() != nil; awaited {
		p.list(c)
	}
	return c, false, awaited
}

// await notes that somebody waits for n, which may be queued. n.mu is locked.
func (p *places) await(n *node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.claims[n]; c != nil && c.wants {
		p.list(c)
	}
}

// drop removes n, which is cancelled, from the queue, and gives it its turn
// without a place. n.mu is locked.
func (p *places) drop(n *node) {
	p.mu.Lock()
	c := p.claims[n]
	queued := c != nil && c.wants && c.back == nil
	var next grant
	if queued {
		next = p.hold(c) // n gives it back like the others
		p.dropped++
		if p.dropped > 8 && p.dropped > (len(p.queue)-p.head)/2 {
			// It may be long until the queue moves, and they must not stay as long.
			p.queue = slices.DeleteFunc(p.queue[p.head:], func(c *claim) bool { return !c.wants })
			p.head, p.dropped = 0, 0
		}
	}
	p.mu.Unlock()
	if queued {
		next.begin()
	}
}

// leaveWith removes the task of c, which was queued, from the queue when ctx ends. A
// queued task does not run, so it cannot check its ctx itself.
func (p *places) leaveWith(c *claim, ctx context.Context) {
	n := c.n
	stay := context.AfterFunc(ctx, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		p.drop(n)
	})
	p.mu.Lock()
	queued := c.wants
	if queued {
		c.stay = stay
	}
	p.mu.Unlock()
	if !queued { // it has had its turn meanwhile
		stay()
	}
}

// release gives n's place back, because n has ended or, if ended is false, lends it.
func (p *places) release(n *node, ended bool) {
	p.mu.Lock()
	p.free(p.claims[n])
	if ended {
		delete(p.claims, n)
	}
	c, placed := p.next()
	p.mu.Unlock()
	if placed {
		c.begin()
	}
}

// next gives a place to the next task that waits for one, if there is a place and
// such a task; p.mu is locked.
func (p *places) next() (c grant, placed bool) {
	if len(p.holders) >= p.limit {
		return c, false
	}
	if len(p.back) > 0 {
		c := p.back[0]
		p.back[0] = nil
		p.back = p.back[1:]
		return p.hold(c), true
	}
	for p.head < len(p.queue) {
		c := p.queue[p.head]
		p.queue[p.head] = nil
		p.head++
		if p.head == len(p.queue) {
			p.queue, p.head = p.queue[:0], 0
		}
		if c.wants {
			return p.hold(c), true
		}
		p.dropped--
	}
	return c, false
}

// lends reports whether w lends its place while it waits for n: whether w has one, n is
// in the same Group, or in a scope within it, and w is in no call of package gather.
func (w *node) lends(n *node) bool {
	if w.places() == nil || w.isInCall() {
		return false
	}
	for s := n.home; s != nil; {
		if s == w.home {
			return true
		}
		g := s.node.Load()
		if g == nil {
			return false
		}
		s = g.home
	}
	return false
}

// lend gives w's place away. w must call takeBack after the wait.
func (w *node) lend() { w.home.places.release(w, false) }

// takeBack waits until w has a place again. If u is over, it takes one in any
// case, because a cancelled task must not wait. It does not call the user's code,
// which might leave w without a place.
func (w *node) takeBack(u *until) {
	p := w.home.places
	over := u.over()
	p.mu.Lock()
	c := p.claims[w]
	if over || len(p.holders) < p.limit {
		p.hold(c)
		p.mu.Unlock()
		return
	}
	back := &comeback{came: make(chan struct{}), until: *u}
	c.back, c.wants = back, true
	p.back = append(p.back, c)
	p.list(c)
	p.mu.Unlock()
	w.waitsFor(&turn)
	w.judgeTurn()
	select {
	case <-back.came:
		return
	case <-u.ended():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.wants {
		i := slices.Index(p.back, c)
		p.back = slices.Delete(p.back, i, i+1)
		p.hold(c)
	}
}

// queue arranges for the goroutine of n, a task, to be started when there is a
// place for n.
func (n *node) queue() {
	p := n.home.places
	countQueued(1)
	n.mu.Lock()
	n.enter(Queued)
	c, placed, awaited := p.enter(n)
	n.mu.Unlock()
	if placed {
		n.spawn()
		return
	}
	if base := n.base(); base != nil && base.Done() != nil {
		p.leaveWith(c, base)
	}
	n.mu.Lock()
	if n.is(isCanceled) { // and was before it was queued
		p.drop(n)
	}
	n.mu.Unlock()
	if awaited {
		n.judgeTurn()
	}
}

// dequeue makes n a running task. It reports false if n was cancelled before.
func (n *node) dequeue() bool {
	n.mu.Lock()
	n.enter(Running)
	n.mu.Unlock()
	countQueued(-1)
	return !n.ctxEnded()
}
