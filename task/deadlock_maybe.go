package task

import "slices"

// Most waits close no cycle. The checks in this file show that at little cost in most
// cases: an awaited task goes on, or nothing waits for the task that begins to wait.

// maybeStuck reports, at little cost, whether w might be stuck if it waits for
// n.
func (w *node) maybeStuck(n *node) bool {
	if n == w {
		return true
	}
	return n.maybeWaiting(w, 64) && w.isAwaited()
}

// maybeStuckOn is maybeStuck for several nodes.
func (w *node) maybeStuckOn(nodes []*node, how waitKind) bool {
	if !w.isAwaited() && !slices.Contains(nodes, w) {
		return false
	}
	if len(nodes) > 64 {
		return true
	}
	for _, n := range nodes {
		if n != nil && !n.is(isFinal) && (n == w || n.maybeWaiting(w, 64)) != (how == forAny) {
			return how != forAny // one is enough, for either
		}
	}
	return how == forAny
}

// maybeStuckBy is maybeStuck for a wait for the tasks in m. It looks no further than
// to the first of them that is not stuck.
func (w *node) maybeStuckBy(m *Members) bool {
	if !w.isAwaited() {
		return false
	}
	stuck := false // if there are none
	for n := range m.nodes() {
		if n != w.whole() {
			if stuck = n.maybeWaiting(w, 64); !stuck {
				break
			}
		}
	}
	return stuck
}

// heldUp returns the node that n waits for: n itself if it is a scope that waits for
// its end, and nil if it waits for no node. It is inCall if n waits for the jobs of a
// call, which may wait for nodes, and turn if n waits for a place, which nodes have.
func (n *node) heldUp() *node {
	if n.scope().flags()&isOver != 0 {
		return n
	}
	if State(n.status.Load()&stateMask) == Queued {
		return &turn
	}
	switch what := n.waitFor.Load(); what {
	case &asleep, &promised:
		return nil
	default:
		return what
	}
}

// maybeWaiting reports whether n may be waiting for w, after following at most
// the given number of waits.
func (n *node) maybeWaiting(w *node, most int) bool {
	for ; most > 0; most-- {
		if n.is(isFinal) {
			return false
		}
		next := n.heldUp()
		switch next {
		case nil:
			return false
		case &inCall:
			return n.hasJobs()
		case &turn:
			p := n.places()
			return p == nil || p.maybeStuck(w, most-1)
		case &several, &owed, w:
			return true
		}
		if s := next.scope(); s != nil && s.flags()&isOver != 0 {
			// It waits for all that is in it.
			if next = next.waitingChild(&most); next == nil {
				return most <= 0
			}
		}
		n = next
	}
	return true
}

// waitingChild returns the child of n that may be stuck, if there is just one. It looks
// at no more children than most, which it counts down, to 0 if there may be several.
func (n *node) waitingChild(most *int) (waiting *node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := n.last; c != nil && *most > 0; c = c.prev {
		*most--
		if c.heldUp() != nil {
			if waiting != nil {
				*most = 0
			}
			waiting = c
		}
		// What a task started, or what is in a fork, is in n's scope as well, and may be stuck
		// while the task goes on.
		c.mu.Lock()
		if c.first != nil && c.scope() == nil {
			*most = 0
		}
		c.mu.Unlock()
	}
	if *most <= 0 {
		return nil
	}
	return waiting
}

// maybeStuck reports whether the tasks that wait for a place may be stuck if w waits, after
// following at most the given number of waits.
func (p *places) maybeStuck(w *node, most int) bool {
	const sample = 8
	if most < sample {
		return true
	}
	var room [sample]*node
	p.mu.Lock()
	spare := len(p.holders) - p.limit // how many may go on without freeing a place for others
	some := room[:0]
	for _, c := range p.holders[:min(sample, len(p.holders))] {
		some = append(some, c.n)
	}
	p.mu.Unlock()
	for _, h := range some {
		if h != w && !h.maybeWaiting(w, most/sample) {
			spare--
		}
	}
	return spare >= 0
}

// isAwaited reports whether a task may be waiting for n: for its end, for its place, or
// for a scope or a call of package gather of which n is part.
func (n *node) isAwaited() bool {
	if n.asJob() != nil {
		return true
	}
	n.mu.Lock()
	hung := n.hooks != nil || n.memberships() != nil
	n.mu.Unlock()
	if p := n.places(); !hung && p != nil {
		hung = p.awaited.Len() > 0 && p.holds(n)
	}
	for s := n.home; !hung && s != nil; {
		if s.flags()&isOver != 0 {
			return true
		}
		g := s.node.Load()
		if g == nil {
			break
		}
		s = g.home
	}
	return hung
}
