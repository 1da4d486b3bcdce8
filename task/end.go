package task

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/internal/verdict"
)

// When a task ends, the following happens in this order. Each step has a verb, which
// has this meaning everywhere in this package, and in package gather for the jobs of
// a call:
//
//	judge    the state and the error are determined
//	close    a Run accepts no more tasks, and waits for those started in it
//	notify   the functions of [OnFailure] and [OnFinished] are called, and a failure
//	         is recorded in its Group or, without one, as a report that is due if
//	         nobody looks at it
//	settle   the state becomes final, those who wait are woken, and callbacks are
//	         called
//	leave    it leaves the tree, for whose end its scope may be waiting, and the
//	         lists it is in
//	release  what it used is given back: its limit, its place, its handle
//
// So does a Group, with the end of its body and those of its children. Before its end, a
// scope may be
//
//	cancelled  its ctx ends, and with it those of what follows it in the tree
//	shut       it accepts no more tasks, and neither do the scopes in it that are
//	           cancelled with it
//	aborted    both, because something in it has failed
//
// A task that its scope does not accept is refused: it was never in the tree, and is
// not run, but settles.

// ended is how the ctx of a settled node ends, unless it has ended before.
var ended = latectx.NewEnd(ErrEnded)

// judge returns the state in which n ends, and its error, from the way in which
// its function ended. It does not return if a method of err calls Goexit.
func (n *node) judge(how how, err error) (State, error) {
	switch {
	case how == goexited:
		return Goexited, &Error{Op: "run", Task: n.name(), Err: err}
	case how == panicked:
		return Panicked, err
	case err == nil:
		return Succeeded, nil
	}
	ctxErr, cause := n.cancellation()
	if ctxErr == nil && (n.self == nil || n.home.refuses() == nil) {
		return Failed, err // a Group has nothing else by which to return it
	}
	state := Failed
	call(func() { // the methods of err are its author's
		if ctxErr == nil {
			ctxErr, cause = n.refusedWith(err)
		}
		if verdict.Cancelled(err, ctxErr, cause) {
			state = Canceled
		}
	}, func(e error) {
		if e != nil {
			state, err = Panicked, verdict.Beside(err, e)
		}
	})
	switch {
	case state != Canceled:
		return state, err
	case n.ranOut(cause):
		return Failed, cause.(*TimeoutError).with(err)
	default:
		return Canceled, &CanceledError{Task: n.name(), Cause: cause, Err: err, ctxErr: ctxErr}
	}
}

// exitedBy returns the error of n if a method of err, which its function returned, called
// Goexit.
func (n *node) exitedBy(err error) error {
	return verdict.Beside(err, &Error{Op: "run", Task: n.name(), Err: ErrGoexit})
}

// call calls f, and then end with the error of f's panic or Goexit, or with
// nil. After a Goexit it does not return.
func call(f func(), end func(error)) {
	Func[struct{}](func(context.Context) (struct{}, error) {
		f()
		return struct{}{}, nil
	}).Call(context.Background(), func(_ struct{}, err error) { end(err) })
}

// notify records the failure of n in its Group, or otherwise arranges for it to
// be reported if nobody looks at it.
func (n *node) notify(state State, err error) {
	if state == Canceled || state == Succeeded {
		return
	}
	if f := n.env.failures; f != nil {
		defer n.callback(func() { f(n.info().as(state), err) })
	}
	switch flags := n.status.Load(); {
	case n.scope() != nil: // Run returns it
	case flags&isCounted != 0 && flags&isHeld == 0:
		// The Group can't have left the tree before n, so it is n's parent still.
		n.home.group.failedChild(n, err)
	default:
		n.due(n.env.expect(n, state, err))
	}
}

// due records the report that is due unless somebody looks at the error of n.
func (n *node) due(r *report) {
	n.mu.Lock()
	n.beside().unheard = r
	n.raise(isReported)
	n.mu.Unlock()
}

// observe records that somebody looked at the error of n, which is final.
func (n *node) observe() {
	if n.is(isReported) {
		n.aside.unheard.observe()
	}
}

// settleAndLeave does that with n, a task in the tree that was handed c, and releases
// what n used. It is the last thing that the task's goroutine does.
func (n *node) settleAndLeave(state State, c *nodeCtx) {
	_ = n.ctxEnded() // if its ctx is done already, that counts, and not this end
	var p *node
	n.mu.Lock()
	if n.first != nil {
		// Its children move up, and the parent must be locked before n.
		n.mu.Unlock()
		p = n.lockParent()
		n.mu.Lock()
	}
	calls, woken := n.hooks.called()
	if calls {
		// The parent must not see n go before the callbacks have been called.
		n.mu.Unlock()
		if p != nil {
			p.mu.Unlock()
		}
		defer n.release(c)
		defer n.leave()
		n.settle(state)
		return
	}
	countEnd(woken) // before anybody can see that it has ended
	hooks := n.settleLocked(state, isGone)
	n.leftLists()
	if p == nil {
		// Nothing joins n any longer, because it is gone, so it stays without children:
		// all that is left is its entry in the list of the parent, whose mu guards that.
		n.mu.Unlock()
		p = n.lockParent()
	} else {
		n.moveUp(p)
		n.mu.Unlock()
	}
	n.leaveTree(p)
	wake(hooks)
	n.release(c)
}

// release gives back what n, a task that was handed c and has left the tree, still had
// then, and lets its Run return if n is the main task of one.
func (n *node) release(c *nodeCtx) {
	if p := n.places(); p != nil {
		p.release(n, true)
	}
	if n.is(isReported) {
		n.releaseHandle(c)
	}
	if s := n.scope(); s != nil && s.group == nil {
		close(s.left)
	}
}

// settle makes n final, wakes the goroutines that wait for it, and calls the
// callbacks, the oldest first.
func (n *node) settle(state State) {
	_ = n.ctxEnded()
	n.mu.Lock()
	if _, woken := n.hooks.called(); woken > 0 {
		countWaiting(-woken)
	}
	hooks := n.settleLocked(state, 0)
	n.mu.Unlock()
	if calls := wake(hooks); calls != nil {
		n.callAll(calls)
	}
}

// settleLocked makes n final, sets the other flags, and returns the hooks that must fire
// after n.mu, which is locked, has been unlocked. The channel is closed at once: a scope
// that sees n go may return, and n must be done for the caller.
func (n *node) settleLocked(state State, flags uint32) (hooks *hook) {
	n.status.Store(n.status.Load()&^stateMask | uint32(state) | isFinal | flags)
	n.leaveLists()
	//lint:ignore SA1012 what has ended needs no base
	n.late.End(nil, ended)
	n.beat()
	if n.aside != nil && n.aside.done != nil {
		close(n.aside.done)
	}
	if n.first != nil {
		n.beatBelow()
		n.unfork()
	}
	hooks, n.hooks = n.hooks, nil
	return hooks
}

// callAll calls all callbacks, even if some of them panic.
func (n *node) callAll(h *hook) {
	if h.next != nil {
		defer n.callAll(h.next)
	}
	n.callback(h.call)
}

// callback calls f, and reports a panic or a Goexit in it.
func (n *node) callback(f func()) {
	call(f, func(err error) {
		if err != nil {
			n.env.report(n.info(), &Error{Op: "callback of", Task: n.name(), Err: err})
		}
	})
}
