package task

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Tasks that wait for each other wait for ever. The one whose wait would close
// such a cycle is told, with [ErrDeadlock]. If it is no wait that could be given
// an error, as the end of a Group is not, another one in the cycle is told.
//
// # How it is found
//
// What is stuck if w waits is looked for from w backwards: those who wait for w,
// the scopes that w is in and that have nothing else left to do than to end, with
// the tasks that wait for that, and so on. If what w waits for is among them, w
// is stuck, too.
//
// It is sound although nothing stands still meanwhile. Each of those found was
// seen to wait for one that was found before, and w itself waits all the time. So
// the first of them to go on would be one that waits for another that has not:
// none does, but for those whose ctx is done, which are not counted. One that
// waits for any of several counts only if all of these are found: if one has ended,
// it is about to go on. One whose ctx has a nearer deadline than its task never
// counts, for it will go on by itself.
//
// It is complete since each wait is entered, where others find it, before it is
// looked at. Of two that close a cycle at the same time one at least sees the
// other.

// A deadlock is the error of a task that would wait for ever.
type deadlock struct{ names []string }

func (d *deadlock) Error() string {
	if len(d.names) == 1 {
		return "a task cannot wait for itself"
	}
	var b strings.Builder
	b.WriteString("deadlock: ")
	for i, name := range d.names {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q waits for %q", name, d.names[(i+1)%len(d.names)])
	}
	return b.String()
}

// Is reports whether target is [ErrDeadlock].
func (d *deadlock) Is(target error) bool { return target == ErrDeadlock }

// maybeStuck reports, at little cost, whether w may be stuck if it waits for n.
func (w *node) maybeStuck(n *node) bool {
	if n == w {
		return true
	}
	return n.maybeWaiting(w, 64) && w.isAwaited()
}

// maybeStuckOn is maybeStuck for several.
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

// maybeWaiting reports whether n may be waiting for w, having followed at most so
// many waits.
func (n *node) maybeWaiting(w *node, most int) bool {
	for range most {
		if n.is(isFinal) {
			return false
		}
		next := n.waitFor.Load()
		if s := n.scope(); s.flags()&isOver != 0 {
			next = n
		}
		switch next {
		case nil, &asleep, &inCall, &turn, &promised:
			return false
		case &several, w:
			return true
		}
		if s := next.scope(); s != nil && s.flags()&isOver != 0 {
			// It waits for all its children. One that waits in turn may be stuck.
			next.mu.Lock()
			var waiting *node
			for c := next.last; c != nil && most > 0; c = c.prev {
				if most--; c.waitFor.Load() != nil || c.scope().flags()&isOver != 0 {
					if waiting != nil {
						most = 0
					}
					waiting = c
				}
			}
			next.mu.Unlock()
			if waiting == nil && most > 0 {
				return false
			}
			if most <= 0 {
				return true
			}
			next = waiting
		}
		n = next
	}
	return true
}

// isAwaited reports whether somebody may be waiting for n: by itself, or as a
// part of a scope.
func (n *node) isAwaited() bool {
	n.mu.Lock()
	hung := n.hooks != nil
	n.mu.Unlock()
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

// A search is for what is stuck if start waits.
type search struct {
	start []*node
	found map[*node]*stuck
	queue []*node
}

// A stuck is one that was found to be.
type stuck struct {
	because []*node // those found which keep it so
	wait    *wait   // nil for a scope, and for the end of one
	on      []*node
	kind    waitKind
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

// backFrom finds those who wait for n.
func (s *search) backFrom(n *node) {
	n.mu.Lock()
	var waiters []*node
	for h := n.hooks; h != nil; h = h.next {
		if h.waiter != nil {
			waiters = append(waiters, h.waiter)
		}
	}
	n.mu.Unlock()
	for _, k := range waiters {
		k.mu.Lock()
		var wt wait
		if k.waits != nil {
			wt.ctx, wt.kind = k.waits.ctx, k.waits.kind
			wt.on = slices.Clone(k.waits.on) // k uses the memory again for its next wait
		}
		k.mu.Unlock()
		if slices.Contains(wt.on, n) {
			s.addWaiter(k, n, &wt)
		}
	}
	if n.self != nil {
		for _, l := range loops.of(n.handle()) {
			l.waiter.mu.Lock()
			wt := wait{ctx: l.waiter.waits.ctx, kind: forAny}
			l.waiter.mu.Unlock()
			wt.on = l.nodes()
			if loops.has(l) { // since before its set was looked at
				s.addWaiter(l.waiter, n, &wt)
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

// addWaiter notes that k, which waits for n with a wait like wt, is stuck because n
// is, unless it will go on by itself.
func (s *search) addWaiter(k, n *node, wt *wait) {
	if wt.ctx != nil && wt.ctx.Err() == nil && !k.bounded(wt) {
		f := s.add(k, n)
		f.wait, f.on, f.kind = k.waits, wt.on, wt.kind
	}
}

// add notes that k is stuck because n is.
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

// prune takes out what is not stuck after all: what waits for any of several,
// and one of these is not stuck, and then what is there because of those only.
func (s *search) prune() {
	for again := true; again; {
		again = false
		for k, f := range s.found {
			if slices.Contains(s.start, k) {
				continue
			}
			if f.kind == forAny && !s.hasAll(f.on) || !slices.ContainsFunc(f.because, s.has) {
				delete(s.found, k)
				again = true
			}
		}
	}
}

func (s *search) has(n *node) bool { return s.found[n] != nil }

// hasAll reports whether all of nodes are stuck, but for those that are nil.
func (s *search) hasAll(nodes []*node) bool {
	return !slices.ContainsFunc(nodes, func(n *node) bool { return n != nil && !s.has(n) })
}

// cycle returns the way from n, which was found, to a start.
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

// judgeWait looks whether w, which has just entered its wait, is stuck, and if
// so has the wait end with that.
func (w *node) judgeWait() {
	wt := w.waits // of its own goroutine
	if w.bounded(wt) {
		return
	}
	on := wt.on
	if wt.loop != nil {
		on = wt.loop.nodes()
	}
	s := newSearch(w)
	i := slices.IndexFunc(on, func(n *node) bool { return n != nil && !n.is(isFinal) && s.has(n) })
	if i < 0 || wt.kind == forAny && !s.hasAll(on) {
		return
	}
	found := on[i]
	cycle := []*node{w}
	if found != w {
		cycle = append(cycle, s.cycle(found)...)
	}
	if wt.kind != forGood {
		w.mu.Lock()
		wt.stuck = newDeadlock(cycle)
		w.mu.Unlock()
		return
	}
	s.tell(cycle)
}

// judgeEnd looks whether g, a scope that has begun to wait for its end, will wait
// for ever, and if so has another wait of the cycle end with that. w is the task
// that cannot go on before, or nil.
func (g *node) judgeEnd(w *node) {
	if !g.maybeWaiting(w, 64) {
		return
	}
	s := newSearch(g, w)
	because := s.found[g].because
	start := []*node{g}
	if w != nil && w != g {
		because = append(because, s.found[w].because...)
		start = []*node{w, g}
	}
	for _, b := range because {
		if s.has(b) && b != g && b != w && b.home == g.scope() && s.tell(append(start, s.cycle(b)...)) {
			return
		}
	}
}

// tell has the first wait of a cycle that can be given an error end with it.
func (s *search) tell(cycle []*node) bool {
	for _, k := range cycle {
		if f := s.found[k]; f == nil || f.wait == nil || f.kind == forGood {
			continue
		}
		k.mu.Lock()
		k.waits.stuck = newDeadlock(cycle)
		k.waits.rouse()
		k.mu.Unlock()
		return true
	}
	return false
}

func newDeadlock(cycle []*node) *deadlock {
	d := new(deadlock)
	for _, n := range cycle {
		d.names = append(d.names, n.name())
	}
	return d
}

// bounded reports whether n's wait will end by a deadline that is nearer than
// that of n itself.
func (n *node) bounded(wt *wait) bool {
	at, ok := wt.ctx.Deadline()
	if !ok {
		return false
	}
	var own time.Time
	if base := n.base(); base != nil {
		own, ok = base.Deadline()
	} else {
		ok = false
	}
	return !ok || at.Before(own)
}
