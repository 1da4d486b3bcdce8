package task

import "sync/atomic"

// A hook describes whom to notify of the end of a task. It belongs to the node in
// whose list it is, and is used with the mu of that locked, until the list is taken
// at the end of the node; from then on, it belongs to the goroutine that ends it.
type hook struct {
	next   *hook
	waiter *node       // whose goroutine waits, or nil
	wait   *wait       // with what
	fired  atomic.Bool // the node has ended, and nothing uses the hook any longer
	call   func()
	ended  chan<- int // gets index; must have room
	index  int
}

// called reports whether there is a callback among h and the hooks after it. woken is the
// number of tasks that wait with one of them for one node, as counted by countWaiting, and
// go on at once when it fires. A task that lent its place does not go on at once.
func (h *hook) called() (calls bool, woken int64) {
	for ; h != nil; h = h.next {
		if h.call != nil {
			calls = true
		} else if h.wait != nil && !h.wait.single.lends && h.waiter.id != 0 {
			woken++
		}
	}
	return calls, woken
}

// wake fires the hooks of a node that has settled: it wakes the goroutines that wait, and
// returns the callbacks among the hooks, the oldest first. No lock is held, so that
// nobody who is woken waits for one.
func wake(hooks *hook) (calls *hook) {
	for h := hooks; h != nil; {
		next := h.next // before h fires: a task uses its hook again for its next wait
		switch {
		case h.call != nil:
			h.next, calls = calls, h
		case h.ended != nil:
			h.ended <- h.index
		default:
			h.wake()
		}
		h = next
	}
	return calls
}

// wake ends the wait of a task that waits for one node, with h.
func (h *hook) wake() {
	w := h.wait // which is used again too, but for one more token that does no harm
	h.next = nil
	h.fired.Store(true)
	w.rouse()
}

// hang adds h to the hooks of n. It reports false if n has ended, or was never
// started.
func (n *node) hang(h *hook) bool {
	n.mu.Lock()
	status := n.status.Load()
	ok := status&isFinal == 0 && n.id != 0
	if ok {
		h.next, n.hooks = n.hooks, h
		if State(status&stateMask) == Queued && h.waiter != nil {
			n.home.places.await(n)
		}
	}
	n.mu.Unlock()
	return ok
}

// unhang removes h, and reports whether it was still there.
func (n *node) unhang(h *hook) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return unhook(&n.hooks, h)
}

// hung reports whether h is among the hooks of n, whose mu is locked.
func (n *node) hung(h *hook) bool {
	for o := n.hooks; o != nil; o = o.next {
		if o == h {
			return true
		}
	}
	return false
}

// unhook takes h out of a list, and reports whether it was there.
func unhook(list **hook, h *hook) bool {
	for p := list; *p != nil; p = &(*p).next {
		if *p == h {
			*p, h.next = h.next, nil // h stays with its task, and must not keep another one's
			return true
		}
	}
	return false
}
