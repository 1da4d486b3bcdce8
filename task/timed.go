package task

import (
	"maps"
	"slices"
	"sync"
)

// A timedWaits lists the tasks and jobs whose waits will end by the limit that [SetTimeout]
// set for a scope. Searches for deadlocks leave these waits out. If the limit is removed,
// the waits have to be judged again.
type timedWaits struct {
	mu    sync.Mutex // no other lock is taken meanwhile
	nodes map[*node]struct{}
	prune int // the size of nodes above which nodes that have ended are removed
	over  bool
}

// isTimedBy reports whether a wait of w ends by a limit that [SetTimeout] set for s or for a
// scope around s, but not around w: the limit of w's own scope would end w, not only the
// wait. If it does, w is judged again when the limit is removed. Locks may be held.
func (w *node) isTimedBy(s *scope) bool {
	for ; s != nil && !w.isIn(s); s = s.outer {
		if s.flags()&isTimed == 0 {
			continue
		}
		s.timed.add(w)
		// If s is still isTimed, the caller that removes the limit finds w.
		if s.flags()&isTimed != 0 {
			return true
		}
	}
	return false
}

func (t *timedWaits) add(w *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	if t.nodes == nil {
		t.nodes = make(map[*node]struct{})
	}
	t.nodes[w] = struct{}{}
	if len(t.nodes) > t.prune {
		maps.DeleteFunc(t.nodes, func(n *node, _ struct{}) bool { return n.is(isFinal) })
		t.prune = max(8, 2*len(t.nodes))
	}
}

// take returns the nodes that are to be judged again, and removes them from t.
func (t *timedWaits) take() []*node {
	t.mu.Lock()
	defer t.mu.Unlock()
	again := slices.Collect(maps.Keys(t.nodes))
	t.nodes = nil
	return again
}

// forget removes all nodes for good, because the scope has ended.
func (t *timedWaits) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.nodes, t.over = nil, true
}

// reconsider makes w, a task or a job, judge its wait again, because a limit that would
// have ended the wait was removed.
func (w *node) reconsider() {
	w.mu.Lock()
	if w.waits != nil {
		w.waits.rouse()
	}
	w.mu.Unlock()
	if p := w.places(); p != nil && p.lasts(w) {
		w.judgeTurn() // it sleeps until it has a place
	}
}
