package task

import (
	"iter"
	"slices"

	"github.com/heirloom-go/heirloom/internal/latectx"
)

// A search finds what is stuck if start waits.
type search struct {
	start []*node
	found map[*node]*stuck
	queue []*node
}

// A stuck is a node that was found to be stuck.
type stuck struct {
	because []*node // the nodes found that keep it stuck
	keeps   bool    // it was counted among those that keep a place

	// Its wait, as it was when it was found.
	wait   *wait  // nil for a scope, and for the end of one
	at     *node  // whose mu guards the terms: the awaited node or, in a wait for several, its own
	single bool   // the wait is for one node
	number uint32 // of the wait
	target
	kind waitKind
}

// enter records the wait of f.
func (f *stuck) enter(is stuck) {
	f.wait, f.at, f.single, f.number, f.target, f.kind = is.wait, is.at, is.single, is.number, is.target, is.kind
}

// terms returns the terms of the wait of f, or nil if that is over; f.at.mu is locked.
func (f *stuck) terms() *terms {
	t, open := &f.wait.terms, f.wait.until.open
	if f.single {
		t, open = &f.wait.single, f.at.hung(&f.wait.hook)
	}
	if !open || t.number != f.number {
		return nil
	}
	return t
}

// searchOnce finds what seems to be stuck if the nodes in start, which may be nil, wait.
func searchOnce(start []*node) *search {
	s := &search{start: start, found: make(map[*node]*stuck)}
	for _, n := range start {
		if n != nil {
			s.found[n] = new(stuck)
			s.queue = append(s.queue, n)
		}
	}
	for _, n := range start {
		if n != nil {
			s.keep(n)
		}
	}
	for len(s.queue) > 0 {
		n := s.queue[0]
		s.queue = s.queue[1:]
		s.backFrom(n)
	}
	s.prune()
	return s
}

// backFrom finds the nodes that wait for n.
func (s *search) backFrom(n *node) {
	if p := n.asPlaces(); p != nil {
		for c := range p.awaited.nodes() {
			if p.lasts(c) {
				s.add(c, n)
			}
		}
		return
	}
	n.mu.Lock()
	var waiters []waiter
	for h := n.hooks; h != nil; h = h.next {
		switch {
		case h.waiter == nil:
		case h.wait != nil:
			waiters = append(waiters, waiter{h.waiter, h.wait, h.wait.single, 0})
		default:
			waiters = append(waiters, waiter{n: h.waiter, index: h.index})
		}
	}
	n.mu.Unlock()
	for _, k := range waiters {
		if k.wait != nil {
			s.addWaiter(k.n, n, &k.terms, stuck{wait: k.wait, at: n, single: true})
			continue
		}
		s.addOneOf(k.n, n, func(wt *wait) bool { return k.index < len(wt.on) && wt.on[k.index] == n })
	}
	for x := n.memberships(); x != nil; x = x.also {
		if m := x.of.Load(); m != nil {
			for _, k := range m.waiters() {
				s.addOneOf(k, n, func(wt *wait) bool { return k.whole() != n && n.isOneOf(wt.by) })
			}
		}
	}
	if j := n.asJob(); j != nil {
		if w, any := j.blocks(); w != nil {
			f := s.add(w, n)
			if any != nil {
				f.on, f.kind = any, forAny
			}
			s.keep(w)
		}
	}
	if in := n.home; in.flags()&(isOver|isClosed) == isOver {
		if g := in.node.Load(); g != nil {
			s.add(g, n)
		}
		if w := in.waiter.Load(); w != nil {
			s.add(w, n)
			s.keep(w)
		}
	}
}

// A waiter is a task with a hook on a node, and its wait if that is for the node alone.
// Otherwise it waits for several, among which the node has the index.
type waiter struct {
	n     *node
	wait  *wait // or nil
	terms terms
	index int
}

// addOneOf records that k is stuck because n is, if it is in a wait for several nodes that
// is for n too, and unless it will go on by itself.
func (s *search) addOneOf(k, n *node, isFor func(*wait) bool) {
	k.mu.Lock()
	wt := k.waits
	if wt == nil || !isFor(wt) {
		k.mu.Unlock()
		return
	}
	t, to := wt.terms, wt.target
	if to.on = nil; t.kind&forAny != 0 {
		to.on = slices.Clone(wt.on) // k uses the memory again for its next wait
	}
	k.mu.Unlock()
	s.addWaiter(k, n, &t, stuck{wait: wt, at: k, target: to})
}

// addWaiter records that k is stuck because n is, unless it will go on by itself. Its wait
// is the given one, with the given terms.
func (s *search) addWaiter(k, n *node, t *terms, is stuck) {
	if !k.lasts(&t.until) || t.stuck != nil {
		return
	}
	is.number, is.kind = t.number, t.kind
	s.add(k, n).enter(is)
	if !t.lends {
		s.keep(k)
	}
}

// keep counts n, which was found and does not lend its place, if it has one, and
// searches from there. The tasks that wait for a place are pruned if too few were counted.
func (s *search) keep(n *node) {
	p, f := n.places(), s.found[n]
	if p == nil || f.keeps || !p.holds(n) {
		return
	}
	f.keeps = true
	if s.has(&p.all) || p.maybeStuck(n, 64) {
		s.add(&p.all, n)
	}
}

// add records that k is stuck because n is.
func (s *search) add(k, n *node) *stuck {
	f := s.found[k]
	if f == nil {
		f = new(stuck)
		s.found[k] = f
		s.queue = append(s.queue, k)
	}
	f.because = append(f.because, n)
	return f
}

// prune removes nodes that are not stuck after all: those that wait for any of
// several nodes of which one is not stuck, and then those that were found only
// because of them.
func (s *search) prune() {
	for again := true; again; {
		again = false
		for k, f := range s.found {
			if slices.Contains(s.start, k) {
				continue
			}
			if p := k.asPlaces(); p != nil && s.count(f.because) < p.limit {
				delete(s.found, k)
				again = true
				continue
			}
			if f.kind&forAny != 0 && !s.hasAll(k, &f.target) || !slices.ContainsFunc(f.because, s.has) {
				delete(s.found, k)
				again = true
			}
		}
	}
}

func (s *search) has(n *node) bool { return s.found[n] != nil }

// count returns how many of the nodes were found.
func (s *search) count(nodes []*node) (found int) {
	for _, n := range nodes {
		if s.has(n) {
			found++
		}
	}
	return found
}

// hasAll reports whether all nodes that k waits for are stuck, and the wait is not over.
func (s *search) hasAll(k *node, t *target) bool {
	for n := range t.nodes(k) {
		if !s.has(n) {
			return false
		}
	}
	if t.by == nil {
		return true
	}
	// A task that ended before the list was read may still call its callbacks. If it was
	// to close done, it has.
	if t.by.someLeave() {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-t.done:
		return false
	default:
		return k.waits.until.open && k.waits.done == t.done
	}
}

// first returns a stuck node that k waits for, or nil.
func (s *search) first(k *node, t *target) *node {
	for n := range t.nodes(k) {
		if !n.is(isFinal) && s.has(n) {
			return n
		}
	}
	return nil
}

// nodes iterates over the nodes that k waits for if t is the target of its wait: all but
// k itself, or the task that k is a job in, if that is a list with it in it.
func (t *target) nodes(k *node) iter.Seq[*node] {
	return func(yield func(*node) bool) {
		for _, n := range t.on {
			if n != nil && !yield(n) {
				return
			}
		}
		if t.by == nil {
			return
		}
		for n := range t.by.nodes() {
			if n != k.whole() && !yield(n) {
				return
			}
		}
	}
}

// cycle returns the path from n, which was found, to a start.
func (s *search) cycle(n *node) []*node {
	seen := make(map[*node]bool)
	var way []*node
	for !slices.Contains(s.start, n) {
		seen[n] = true
		if n.asPlaces() == nil {
			way = append(way, n)
		}
		i := slices.IndexFunc(s.found[n].because, func(b *node) bool { return s.has(b) && !seen[b] })
		if i < 0 {
			break
		}
		n = s.found[n].because[i]
	}
	return way
}

// holds reports whether n has one of the places.
func (p *places) holds(n *node) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.claims[n]
	return c != nil && c.at >= 0
}

// lasts reports whether n waits for a place, and will wait until it gets one.
func (p *places) lasts(n *node) bool {
	p.mu.Lock()
	c := p.claims[n]
	if c == nil || !c.wants {
		p.mu.Unlock()
		return false
	}
	back := c.back
	p.mu.Unlock()
	if back != nil {
		return !n.ends(&back.until) && !back.until.over()
	}
	g := n.home.node.Load()
	return g != nil && !n.ctxEnded() && !latectx.EndsBefore(n.base(), g.base())
}
