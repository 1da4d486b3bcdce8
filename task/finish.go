package task

import "context"

// classify returns the state in which n ends, and its error, given how its
// function ended.
func (n *node) classify(how how, err error) (State, error) {
	switch {
	case how == goexited:
		return Goexited, &Error{Op: "run", Task: n.name(), Err: err}
	case how == panicked:
		return Panicked, err
	case err == nil:
		return Succeeded, nil
	}
	ctxErr, cause := n.cancellation()
	switch {
	case !isCancellation(err, ctxErr, cause):
		return Failed, err
	case n.timedOut(cause):
		return Failed, cause
	default:
		return Canceled, &CanceledError{Task: n.name(), Cause: cause, Err: err}
	}
}

// timedOut reports whether cause is n's own limit.
func (n *node) timedOut(cause error) bool {
	l := n.limit()
	return l != nil && cause == error(l.err)
}

// finish makes n final, tells whoever waits, and takes it out of the tree. It
// is the last that the goroutine of a task does.
func (n *node) finish(state State) {
	p := n.lockParent()
	n.mu.Lock()
	if n.hooks != nil {
		// The parent must not see n go before the callbacks have been called.
		n.mu.Unlock()
		p.mu.Unlock()
		defer n.leave()
		if calls := n.settle(state, 0); calls != nil {
			n.callAll(calls)
		}
		return
	}
	done := n.settleLocked(state, isGone)
	n.unlink(p)
	n.mu.Unlock()
	p.mu.Unlock()
	if done != nil {
		close(done)
	}
}

// settle makes n final and wakes whoever waits for it. It returns the
// callbacks, the oldest first.
func (n *node) settle(state State, flags uint32) (calls *hook) {
	n.mu.Lock()
	done := n.settleLocked(state, flags)
	hooks := n.hooks
	n.hooks = nil
	n.mu.Unlock()
	if done != nil {
		close(done)
	}
	for hooks != nil {
		h := hooks
		hooks = h.next
		if h.call == nil {
			h.ended <- h.index
			continue
		}
		h.next, calls = calls, h
	}
	return calls
}

// settleLocked makes n final and returns the channel to be closed when n.mu,
// which is locked, no longer is.
func (n *node) settleLocked(state State, flags uint32) (done chan struct{}) {
	n.end(state, flags)
	if n.is(hasStd) {
		n.later.cancel(ErrEnded)
	}
	return n.done
}

// callAll calls the callbacks, each of them whatever the ones before do.
func (n *node) callAll(h *hook) {
	if h.next != nil {
		defer n.callAll(h.next)
	}
	n.callback(h.call)
}

// callback calls f, and reports a panic or a Goexit of it.
func (n *node) callback(f func()) {
	Func[struct{}](func(context.Context) (struct{}, error) {
		f()
		return struct{}{}, nil
	}).Call(context.Background(), func(_ struct{}, err error) {
		if err != nil {
			n.env.report(n.info(), &Error{Op: "callback of", Task: n.name(), Err: err})
		}
	})
}

// fail tells of the failure of n: its Group, or whoever is to hear of it if
// nobody looks at it.
func (n *node) fail(state State, err error) {
	switch {
	case state == Canceled:
	case n.scope() != nil: // Run returns it
	case n.counts:
		// The Group can't have left the tree before n, so it is n's parent still.
		n.parent.Load().scope().group.fail(n.name(), err)
	default:
		r := n.env.expect(n, err)
		n.mu.Lock()
		n.late().unobserved = r
		n.raise(isReported)
		n.mu.Unlock()
	}
}

// observe notes that somebody looked at the error of n, which is final.
func (n *node) observe() {
	if n.is(isReported) {
		n.later.unobserved.observe()
	}
}
