package task

import (
	"maps"
	"slices"
	"sync"
)

// A timed lists the tasks and jobs whose waits will end by the limit that [SetTimeout] set
// for a scope. Searches for deadlocks leave these waits out. If the limit is removed, the
// waits have to be judged again.
type timed struct {
	mu    sync.Mutex // no other lock is taken meanwhile
	waits map[*node]struct{}
	prune int // the size of waits above which nodes that have ended are removed
	over  bool
}

// isTimed reports whether a wait of w ends by a limit that [SetTimeout] set for s or for a
// scope around s, but not around w: the limit of w's own scope would end w, not only the
// wait. If it does, w is judged again when the limit is removed. Locks may be held.
func (w *node) isTimed(s *scope) bool {
	for ; s != nil && !w.isIn(s); s = s.outer {
		if s.flags()&isTimed == 0 {
			continue
		}
		s.timed.add(w)
		// If s is still timed, the caller that removes the limit finds w.
		if s.flags()&isTimed != 0 {
			return true
		}
	}
	return false
}

func (t *timed) add(w *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	if t.waits == nil {
		t.waits = make(map[*node]struct{})
	}
	t.waits[w] = struct{}{}
	if len(t.waits) > t.prune {
		maps.DeleteFunc(t.waits, func(n *node, _ struct{}) bool { return n.is(isFinal) })
		t.prune = max(8, 2*len(t.waits))
	}
}

// take returns the nodes that are to be judged again, and removes them from t.
func (t *timed) take() []*node {
	t.mu.Lock()
	defer t.mu.Unlock()
	again := slices.Collect(maps.Keys(t.waits))
	t.waits = nil
	return again
}

// forget removes all nodes for good, because the scope has ended.
func (t *timed) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waits, t.over = nil, true
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
