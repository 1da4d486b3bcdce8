package task

import (
	"iter"
	"slices"
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
	wait    *wait   // nil for a scope, and for the end of one
	target
	kind waitKind
}

func newSearch(start ...*node) *search {
	s := &search{start: start, found: make(map[*node]*stuck)}
	for _, n := range start {
		if n != nil {
			s.found[n] = new(stuck)
			s.queue = append(s.queue, n)
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
	n.mu.Lock()
	var waiters []*node
	for h := n.hooks; h != nil; h = h.next {
		if h.waiter != nil {
			waiters = append(waiters, h.waiter)
		}
	}
	n.mu.Unlock()
	for x := n.memberships(); x != nil; x = x.also {
		if m := x.of.Load(); m != nil {
			waiters = append(waiters, m.waiters()...)
		}
	}
	for _, k := range waiters {
		k.mu.Lock()
		var wt wait
		if k.waits != nil {
			wt.until, wt.target, wt.kind = k.waits.until, k.waits.target, k.waits.kind
			wt.on = slices.Clone(wt.on) // k uses the memory again for its next wait
		}
		k.mu.Unlock()
		if slices.Contains(wt.on, n) || k != n && n.isOneOf(wt.by) {
			s.addWaiter(k, n, &wt)
		}
	}
	if j := n.asJob(); j != nil {
		if w, any := j.blocks(); w != nil {
			f := s.add(w, n)
			if any != nil {
				f.on, f.kind = any, forAny
			}
		}
	}
	if in := n.home; in.flags()&(isOver|isClosed) == isOver {
		if g := in.node.Load(); g != nil {
			s.add(g, n)
		}
		if w := in.waiter.Load(); w != nil {
			s.add(w, n)
		}
	}
}

// addWaiter records that k, which waits for n with a wait like wt, is stuck
// because n is, unless k will go on by itself.
func (s *search) addWaiter(k, n *node, wt *wait) {
	if wt.until.lasts() {
		f := s.add(k, n)
		f.wait, f.target, f.kind = k.waits, wt.target, wt.kind
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
			if f.kind&forAny != 0 && !s.hasAll(k, &f.target) || !slices.ContainsFunc(f.because, s.has) {
				delete(s.found, k)
				again = true
			}
		}
	}
}

func (s *search) has(n *node) bool { return s.found[n] != nil }

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
	// A task that ended before the list was looked at still calls its callbacks, or has
	// closed done already if it was to.
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
// k itself if that is a list with k in it.
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
			if n != k && !yield(n) {
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
		way = append(way, n)
		i := slices.IndexFunc(s.found[n].because, func(b *node) bool { return s.has(b) && !seen[b] })
		if i < 0 {
			break
		}
		n = s.found[n].because[i]
	}
	return way
}
