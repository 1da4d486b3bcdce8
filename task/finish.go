package task

import "context"

// classify returns the state in which n ends, and its error, given how its
// function ended.
func (n *node) classify(how how, err error) (State, error) {
	switch {
	case how == exited:
		return Exited, &Error{Op: "run", Task: n.name(), Err: err}
	case how == panicked:
		return Panicked, err
	case err == nil:
		return Succeeded, nil
	}
	ctxErr, cause := n.cancellation()
	switch {
	case !isCancellation(err, ctxErr, cause):
		return Failed, err
	case n.limit != nil && cause == error(n.limit.err):
		return Failed, n.limit.err
	default:
		return Canceled, &CanceledError{Task: n.name(), Cause: cause, Err: err}
	}
}

// finish makes n final, tells whoever waits, and takes it out of the tree. It
// is the last that the goroutine of a task does.
func (n *node) finish(state State, err error) {
	defer n.leave()
	n.fail(state, err)
	if calls := n.settle(state); calls != nil {
		n.callAll(calls)
	}
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
	case err == nil || state == Canceled:
	case n.group != nil:
		n.group.fail(n.name(), err)
	default:
		n.unobserved = n.env.expect(n, err)
	}
}

// observe notes that somebody looked at the error of n, which is final.
func (n *node) observe() {
	if n.unobserved != nil {
		n.unobserved.observe()
	}
}

// settle makes n final and wakes whoever waits for it. It returns the
// callbacks, the oldest first.
func (n *node) settle(state State) (calls *hook) {
	n.mu.Lock()
	n.state.Store(uint32(state))
	n.raise(isFinal)
	done, hooks := n.done, n.hooks
	n.hooks = nil
	if n.is(hasStd) {
		n.stdCancel(ErrEnded)
	}
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
