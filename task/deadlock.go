package task

import (
	"fmt"
	"slices"
	"strings"
)

// Tasks that wait for each other wait for ever. The wait that would close such
// a cycle ends with [ErrDeadlock]. If that wait cannot return an error, as the
// end of a Group cannot, another wait in the cycle does.
//
// # How it is found
//
// The search for what is stuck if w waits goes backwards from w: to the tasks
// that wait for w, to the scopes around w that have nothing left to do but to
// end, to the tasks that wait for those scopes, and so on. If what w waits for
// is found, w is stuck too.
//
// The search is sound although other tasks go on meanwhile. Each node found was
// seen to wait for one found before it, and w itself waits all the time. The
// first of them to go on would have to wait for one that has not gone on, which
// is impossible, except for those whose ctx is done, and these are not counted.
// A task that waits for any of several counts only if all of these are found:
// if one has ended, the task is about to go on. A task whose wait has a nearer
// deadline than its own never counts, because it will go on by itself.
//
// The search is complete because each wait is entered, where others find it,
// before it is searched from. Of two waits that close a cycle at the same time,
// at least one sees the other.
//
// # Jobs of package gather
//
// A job is no task, but while it waits it is a node like one, see [jobWait]. The task
// that made the call waits for all its jobs, as a scope does: one that is stuck is
// enough. This holds from the start of the job, whether the task has got to its wait
// or still starts others, for it cannot leave the call before the job has ended. What
// else may end the job, a failure of another one that cancels it, does not count, as
// in a Group. A call that ends with the first of its jobs is one that waits for any:
// it counts if all its jobs have started, and all that have not ended are stuck. The
// range loop over a Stream ends whenever its body wants, and so waits for nothing.
//
// A call is entered before its jobs start, or, if it is the Wait of a gather.Group,
// looks at those that wait already. One that waits for any is looked at once more when
// a job of it ends, because that too may leave only those that are stuck.

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
		if n != w {
			if stuck = n.maybeWaiting(w, 64); !stuck {
				break
			}
		}
	}
	return stuck
}

// heldUp returns the node that n waits for: n itself if it is a scope that waits for
// its end, and nil if it waits for no node. It is inCall if n waits for the jobs of a
// call, which may wait for nodes.
func (n *node) heldUp() *node {
	if n.scope().flags()&isOver != 0 {
		return n
	}
	switch what := n.waitFor.Load(); what {
	case &asleep, &turn, &promised:
		return nil
	default:
		return what
	}
}

// maybeWaiting reports whether n may be waiting for w, after following at most
// the given number of waits.
func (n *node) maybeWaiting(w *node, most int) bool {
	for range most {
		if n.is(isFinal) {
			return false
		}
		next := n.heldUp()
		switch next {
		case nil:
			return false
		case &inCall:
			return n.hasJobs()
		case &several, &owed, w:
			return true
		}
		if s := next.scope(); s != nil && s.flags()&isOver != 0 {
			// It waits for all its children. A child that waits in turn may be
			// stuck.
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

// isAwaited reports whether somebody may be waiting for n, for itself or as a
// part of a scope or of a call of package gather.
func (n *node) isAwaited() bool {
	if n.asJob() != nil {
		return true
	}
	n.mu.Lock()
	hung := n.hooks != nil || n.memberships() != nil
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

// judgeWait determines whether w, which has just entered its wait, is stuck,
// and if so ends the wait with an error.
func (w *node) judgeWait() {
	wt := w.waits // of its own goroutine
	if wt.until.bounded {
		return
	}
	s := newSearch(w)
	found := s.first(w, &wt.target)
	if found == nil || wt.kind&forAny != 0 && !s.hasAll(w, &wt.target) {
		return
	}
	cycle := []*node{w}
	if found != w {
		cycle = append(cycle, s.cycle(found)...)
	}
	if wt.kind&forGood == 0 {
		w.mu.Lock()
		wt.stuck = newDeadlock(cycle)
		w.mu.Unlock()
		return
	}
	s.tell(cycle)
}

// judgeEnd determines whether g, a scope that has begun to wait for its end,
// will wait for ever, and if so ends another wait of the cycle with an error. w
// is the task that cannot go on before that, or nil.
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

// tell ends the first wait of a cycle that can return an error.
func (s *search) tell(cycle []*node) bool {
	for _, k := range cycle {
		if f := s.found[k]; f == nil || f.wait == nil || f.kind&forGood != 0 {
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
