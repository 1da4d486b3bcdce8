package task

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Tasks that wait for each other wait for ever. The wait that would close such
// a cycle ends with [ErrDeadlock]. If that wait cannot return an error, as the
// end of a Group cannot, another wait in the cycle does. If none can, there is a
// [Promise] in the cycle, which then fails: the ends of scopes alone wait only for
// what is below them.
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
// A task that waits for any of several counts only if all of these are found, at the same
// time: if one has ended, the task is about to go on. So such a search is done twice. A
// task whose wait has a nearer deadline than its own never counts, because it will go on by
// itself. Nor does one whose wait a limit set by [SetTimeout] will end. If the limit is
// removed, the waits that it would have ended are judged again.
//
// The search is complete because each wait is entered, where others find it,
// before it is searched from. Of two waits that close a cycle at the same time,
// at least one sees the other. A wait for one node is entered by hanging its hook there, and
// lasts until the hook is taken out of that list, which the node's mu guards. So a search
// that finds the hook there has the terms of that wait, and one that does not find it any
// more, or finds another number, knows that the wait is over.
//
// A task whose wait ends with the error goes on, and is no longer stuck. If that task is
// not w, then w may be in another cycle still, because a scope waits for everything in
// it. So the search is repeated until it finds no cycle.
//
// # Jobs of package gather
//
// A job is no task, but while it waits it is a node like one, see [jobWait]. The task
// that made the call waits for all its jobs, as a scope does: one that is stuck is
// enough. This holds from the start of the job, whether the task has got to its wait
// or still starts others, for it cannot leave the call before the job has ended. What
// else may end the job, a failure of another one that cancels it, does not count, as
// in a Group. A call that ends with the first of its jobs is one that waits for any:
// it counts if all its jobs have started, and all that have not ended are stuck. A job that
// made a call itself is stuck if that is. The range loop over a Stream ends whenever its
// body wants, and so waits for nothing.
//
// A call is entered before its jobs start, or, if it is the Wait of a gather.Group,
// looks at those that wait already. One that waits for any is looked at once more when
// a job of it ends, because that too may leave only those that are stuck.
//
// # Places
//
// A task without a place, in a Group with the option [Limit], was queued, or lent its
// place and wants it back. It waits for the tasks that have places. It is stuck if as
// many of these are stuck as there are places. For a place is given back only by the task
// that has it, when that ends, or begins a wait in which it lends the place, and a stuck
// task does neither. So those places stay taken, and there are no others. Tasks that were
// cancelled may have places beyond the limit; what they do does not matter, nor which
// tasks come to have places later. If fewer are stuck, others go on until a place is
// free, and each task without one has its turn in the end.
//
// A search that finds a task with a place goes on from the tasks without one, and counts
// it. If it has counted too few in the end, those are not stuck, as in a wait for any of
// several. Not each stuck task with a place is counted: a wait is entered before the place
// is lent, so the wait itself says whether it will be, and a task in such a wait is not
// counted. A task in a call of package gather cannot end before its jobs have, though its
// own goroutine may still call functions of the user's, given to [gather.Weight] or
// [gather.Rate]. Waits in these do not lend the place, so the task is counted.
//
// A queued task leaves the queue by itself if its ctx has a deadline before that of its
// Group, or if that is not known because it depends on a ctx of a user's type. A task
// that wants its place back goes on without it when the ctx of its wait ends. So neither
// is stuck if there is such a deadline.
//
// It is not enough to search from the tasks that begin to wait for a task. A task that is
// queued while others wait for it, or wants its place back, may close a cycle as well. So
// a search starts from it, after it has been entered. Its wait cannot return an error, so
// another one in the cycle does. A task that gets a place goes on, and closes no cycle.
//
// Very many tasks may be queued, and most are awaited only by their Group, which
// waits for those with a place too. So the search looks only at those in places.awaited,
// on which a hook hangs, or which are in a list. A task is put there before any search
// from a task that waits for it: by hang if it is queued, and by enter if it has a hook
// then. Both hold its mu.

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

// judgeWait determines whether w, which has just entered its wait for several nodes, is
// stuck, and if so ends the wait with an error.
func (w *node) judgeWait() { w.judgeTerms(&w.waits.terms, &w.waits.target, w) }

// judgeWaitFor is judgeWait for w's wait for n.
func (w *node) judgeWaitFor(n *node) {
	w.judgeTerms(&w.waits.single, &target{on: []*node{n}}, n)
}

// judgeTerms is judgeWait for a wait with the given terms, which at.mu guards.
func (w *node) judgeTerms(t *terms, to *target, at *node) {
	if w.ends(&t.until) { // which only w writes
		return
	}
	again(func() bool {
		at.mu.Lock()
		is := stuck{wait: w.waits, at: at, single: t == &w.waits.single, number: t.number, target: *to, kind: t.kind}
		known := t.stuck != nil
		at.mu.Unlock()
		if known {
			return false
		}
		s := newSearch(w)
		found := s.first(w, to)
		if found == nil || is.kind&forAny != 0 && !s.hasAll(w, to) {
			return false
		}
		if t.until.over() && found != w { // since the search began: the others need not be stuck any more
			return false
		}
		cycle := []*node{w}
		if found != w {
			cycle = append(cycle, s.cycle(found)...)
		}
		if is.kind&forGood != 0 {
			s.found[w].enter(is)
			return s.endOne(cycle)
		}
		at.mu.Lock()
		t.stuck = newDeadlock(cycle)
		at.mu.Unlock()
		return false
	})
}

// again calls judge, which looks for a cycle from a node and reports whether it ended the
// wait of another node in it, until judge reports false. The first node may be in several
// cycles: if it waits for all of several nodes, or if tasks have places beyond the limit.
func again(judge func() bool) {
	for judge() {
	}
}

// judgeTurn determines whether n, which has begun to wait for a place, will wait for
// ever, and if so ends another wait of the cycle with an error.
func (n *node) judgeTurn() {
	p := n.places()
	if !n.isAwaited() || !p.maybeStuck(n, 64) {
		return
	}
	again(func() bool {
		if !p.lasts(n) {
			return false
		}
		s := newSearch(n)
		all := s.found[&p.all]
		return all != nil && s.endAny(all.because, []*node{n}, func(*node) bool { return true })
	})
}

// judgeEnd determines whether g, a scope that has begun to wait for its end,
// will wait for ever, and if so ends another wait of the cycle with an error. w
// is the task that cannot go on before that, or nil.
func (g *node) judgeEnd(w *node) {
	if !g.isAwaited() && (w == nil || !w.isAwaited()) || !g.maybeWaiting(w, 64) {
		return
	}
	again(func() bool {
		s := newSearch(g, w)
		because := s.found[g].because
		start := []*node{g}
		if w != nil && w != g {
			because = append(because, s.found[w].because...)
			start = []*node{w, g}
		}
		return s.endAny(because, start, func(b *node) bool { return b.home == g.scope() })
	})
}

// endAny ends a wait in one of the cycles from start through a node in because that
// counts. It reports whether it did.
func (s *search) endAny(because, start []*node, counts func(*node) bool) bool {
	for _, b := range because {
		if s.has(b) && counts(b) && s.endOne(append(start, s.cycle(b)...)) {
			return true
		}
	}
	return false
}

// endOne ends the first wait of a cycle that can return an error or, if there is none,
// the first Promise, and reports whether it did. If that wait is over already, because
// its ctx has ended or the Promise was completed, the cycle no longer exists.
func (s *search) endOne(cycle []*node) bool {
	var k *node
	for _, n := range cycle {
		f := s.found[n]
		if f == nil || f.wait == nil {
			continue
		}
		if f.kind&forGood == 0 {
			k = n
			break
		}
		if k == nil && f.by != nil {
			k = n
		}
	}
	if k == nil {
		return false
	}
	f := s.found[k]
	f.at.mu.Lock()
	defer f.at.mu.Unlock()
	t := f.terms()
	if t == nil {
		return false
	}
	t.stuck = newDeadlock(cycle)
	f.wait.rouse()
	return true
}

// newSearch searches from start. What waits for any of several nodes is stuck only if all of
// these wait at the same time, and one may have been cancelled after it was found. So if
// there is such a wait, only what a second search finds in the same waits counts: it was
// stuck all the time between the two.
func newSearch(start ...*node) *search {
	s := searchOnce(start)
	if !s.hasAny() {
		return s
	}
	before := s.found
	s = searchOnce(start)
	maps.DeleteFunc(s.found, func(k *node, f *stuck) bool { return !slices.Contains(start, k) && !f.isAs(before[k]) })
	s.prune()
	return s
}

// hasAny reports whether a node that was found waits for any of several.
func (s *search) hasAny() bool {
	for _, f := range s.found {
		if f.kind&forAny != 0 {
			return true
		}
	}
	return false
}

// isAs reports whether f has the wait of before, which may be nil.
func (f *stuck) isAs(before *stuck) bool {
	return before != nil && f.wait == before.wait && f.at == before.at && f.single == before.single && f.number == before.number
}

func newDeadlock(cycle []*node) *deadlock {
	d := new(deadlock)
	for _, n := range cycle {
		d.names = append(d.names, n.name())
	}
	return d
}
