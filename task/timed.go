package task

import (
	"maps"
	"slices"
	"sync"
)

// A timed has the tasks and jobs whose waits, it was found, a limit of [SetTimeout] of a
// scope will end. Those who look for deadlocks leave such a wait out. If the limit is
// taken away, nobody else would look at it again.
type timed struct {
	mu    sync.Mutex // no other lock is taken meanwhile
	waits map[*node]struct{}
	prune int // when waits has so many, those that have ended are left out
}

// isTimed reports whether a wait of w ends by a limit that [SetTimeout] set for s or one
// that is around s, but not around w: that of w's own scope would end w, not only the wait.
// In that case w is judged again if the limit is taken away. Locks may be held.
func (w *node) isTimed(s *scope) bool {
	for ; s != nil && !w.isIn(s); s = s.outer {
		if s.flags()&isTimed == 0 {
			continue
		}
		s.timed.add(w)
		// If it is still timed, who takes the limit away finds w.
		if s.flags()&isTimed != 0 {
			return true
		}
	}
	return false
}

func (t *timed) add(w *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waits == nil {
		t.waits = make(map[*node]struct{})
	}
	t.waits[w] = struct{}{}
	if len(t.waits) > t.prune {
		maps.DeleteFunc(t.waits, func(n *node, _ struct{}) bool { return n.is(isFinal) })
		t.prune = max(8, 2*len(t.waits))
	}
}

// take returns those who are to be judged again, and forgets them.
func (t *timed) take() []*node {
	t.mu.Lock()
	defer t.mu.Unlock()
	again := slices.Collect(maps.Keys(t.waits))
	t.waits = nil
	return again
}

// reconsider makes w, a task or a job, judge its wait again, because a limit was taken
// away that would have ended it.
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
