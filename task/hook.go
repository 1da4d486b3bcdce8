package task

// A hook describes whom to notify of the end of a task.
type hook struct {
	next   *hook
	waiter *node // whose goroutine waits, or nil
	wait   *wait // with what
	call   func()
	ended  chan<- int // gets index; must have room
	index  int
}

// called reports whether there is a callback among h and the hooks after it.
func (h *hook) called() bool {
	for ; h != nil; h = h.next {
		if h.call != nil {
			return true
		}
	}
	return false
}

// rouse wakes the tasks that wait for a node, which has settled, and returns
// the other hooks. The mu of the node is locked: a task that has been woken
// uses its hook again for its next wait, but not before it has taken that lock.
func rouse(hooks *hook) (others *hook) {
	last := &others
	for h := hooks; h != nil; {
		next := h.next
		if h.call == nil && h.ended == nil {
			h.wait.rouse()
		} else {
			*last, last = h, &h.next
		}
		h = next
	}
	*last = nil
	return others
}

// wake wakes the other goroutines that wait for a settled node, and returns the
// callbacks among the hooks, the oldest first.
func wake(done chan struct{}, hooks *hook) (calls *hook) {
	if done != nil {
		close(done)
	}
	for h := hooks; h != nil; {
		next := h.next
		if h.call != nil {
			h.next, calls = calls, h
		} else {
			h.ended <- h.index
		}
		h = next
	}
	return calls
}

// hang adds h to the hooks of n. It reports false if n has ended, or was never
// started.
func (n *node) hang(h *hook) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	status := n.status.Load()
	if status&isFinal != 0 || n.id == 0 {
		return false
	}
	h.next, n.hooks = n.hooks, h
	if State(status&stateMask) == Queued && h.waiter != nil {
		n.home.places.await(n)
	}
	return true
}

// unhang removes h, and reports whether it was still there.
func (n *node) unhang(h *hook) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return unhook(&n.hooks, h)
}

// unhook takes h out of a list, and reports whether it was there.
func unhook(list **hook, h *hook) bool {
	for p := list; *p != nil; p = &(*p).next {
		if *p == h {
			*p = h.next
			return true
		}
	}
	return false
}
