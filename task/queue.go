package task

import (
	"context"
	"sync"
)

// places implements the Limit option of a Group, the number of its tasks that
// may run at once. A task has a place from its start to its end, but lends it
// while it waits for tasks of the Group. Tasks without a place are queued.
//
// mu is held only briefly, and no other lock is taken meanwhile.
type places struct {
	limit int

	mu      sync.Mutex
	taken   int
	back    []*comer // tasks that wait to get back the place that they lent; they come first
	queue   []*comer // tasks that were not started yet, the oldest first
	head    int      // of queue
	waiting map[*node]*comer
}

// A comer waits for a place.
type comer struct {
	n    *node
	turn func() // called with the place taken
	gone bool
	// unwatch, if not nil, ends the watch over a ctx. It is set under mu while
	// the comer is waiting, and called without mu by the goroutine that removes
	// the comer.
	unwatch func() bool
}

// begin calls the turn of c, which has a place and is in no queue.
func (c *comer) begin() {
	if c.unwatch != nil {
		c.unwatch()
	}
	c.turn()
}

// places returns the places that n, a task, must have one of to run, or nil.
func (n *node) places() *places {
	if n.home == nil || n.scope() != nil || n.is(isIdle) {
		return nil
	}
	return n.home.places
}

// enter calls turn when there is a place for n, now or later, and reports
// whether it called it now.
func (p *places) enter(n *node, turn func()) bool {
	p.mu.Lock()
	if p.taken < p.limit {
		p.taken++
		p.mu.Unlock()
		turn()
		return true
	}
	c := &comer{n: n, turn: turn}
	p.queue = append(p.queue, c)
	if p.waiting == nil {
		p.waiting = make(map[*node]*comer)
	}
	p.waiting[n] = c
	p.mu.Unlock()
	return false
}

// drop removes n, which is cancelled, from the queue, and gives it its turn
// without a place. n.mu is locked.
func (p *places) drop(n *node) {
	p.mu.Lock()
	c := p.waiting[n]
	delete(p.waiting, n)
	if c != nil {
		c.gone = true
		p.taken++ // n gives it back like the others
	}
	p.mu.Unlock()
	if c != nil {
		c.begin()
	}
}

// watch removes n, which was queued, from the queue when ctx ends. A queued
// task does not run, so it cannot check its ctx itself.
func (p *places) watch(n *node, ctx context.Context) {
	unwatch := context.AfterFunc(ctx, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		p.drop(n)
	})
	p.mu.Lock()
	c := p.waiting[n]
	if c != nil {
		c.unwatch = unwatch
	}
	p.mu.Unlock()
	if c == nil { // it has had its turn meanwhile
		unwatch()
	}
}

// leave gives a place back.
func (p *places) leave() {
	p.mu.Lock()
	p.taken--
	c := p.next()
	p.mu.Unlock()
	if c != nil {
		c.begin()
	}
}

// next takes a place for the next comer, if there are both; p.mu is locked.
func (p *places) next() *comer {
	if p.taken >= p.limit {
		return nil
	}
	for len(p.back) > 0 {
		c := p.back[0]
		p.back = p.back[1:]
		if !c.gone {
			p.taken++
			return c
		}
	}
	for p.head < len(p.queue) {
		c := p.queue[p.head]
		p.queue[p.head] = nil
		p.head++
		if p.head == len(p.queue) {
			p.queue, p.head = p.queue[:0], 0
		}
		if !c.gone {
			p.taken++
			delete(p.waiting, c.n)
			return c
		}
	}
	return nil
}

// lend gives w's place away if w has one and n is in the same Group, or in a
// scope within it, and reports whether it did.
func (w *node) lend(n *node) bool {
	if w.places() == nil {
		return false
	}
	for s := n.home; s != nil; {
		if s == w.home {
			w.home.places.leave()
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

// takeBack waits until w has a place again. If u is over, it takes one in any
// case, because a cancelled task must not wait. It does not call the user's code,
// which might leave w without a place.
func (w *node) takeBack(u *until) {
	p := w.home.places
	over := u.over()
	p.mu.Lock()
	if over || p.taken < p.limit {
		p.taken++
		p.mu.Unlock()
		return
	}
	came := make(chan struct{})
	c := &comer{n: w, turn: func() { close(came) }}
	p.back = append(p.back, c)
	p.mu.Unlock()
	w.waitsFor(&turn)
	select {
	case <-came:
		return
	case <-u.ended():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-came:
	default:
		c.gone = true
		p.taken++
	}
}

// queue arranges for start, which starts the goroutine of n, a task, to be
// called when there is a place for n.
func (n *node) queue(start func()) {
	p := n.home.places
	n.mu.Lock()
	n.enter(Queued)
	n.mu.Unlock()
	n.countQueued(1)
	if p.enter(n, start) {
		return
	}
	if base := n.base(); base != nil && base.Done() != nil {
		p.watch(n, base)
	}
	n.mu.Lock()
	if n.is(isCanceled) { // and was before it was queued
		p.drop(n)
	}
	n.mu.Unlock()
}

// dequeue makes n a running task. It reports false if n was cancelled before.
func (n *node) dequeue() bool {
	n.mu.Lock()
	n.enter(Running)
	n.mu.Unlock()
	n.countQueued(-1)
	return !n.ctxEnded()
}
