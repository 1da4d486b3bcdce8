package task

import (
	"fmt"
	"slices"
	"strings"
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
	hung := n.hooks != nil || n.is(isMember)
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

// judgeWait looks whether w, which has just entered its wait, is stuck, and if
// so has the wait end with that.
func (w *node) judgeWait() {
	wt := w.waits // of its own goroutine
	if wt.until.bounded {
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
