package task

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/internal/verdict"
)

// What happens when a task ends, in this order, with a verb for each:
//
//	judge   it is decided in which state, and with which error
//	tell    the failure: to its Group, or to the report due if nobody looks
//	settle  the state is final, and whoever waits is woken; callbacks are called
//	leave   it is out of the tree, which may be what its scope waits for
//
// A Group is judged, settles and leaves as well. What was not taken by its scope
// is refused instead, and was never in the tree.

// ended is how the ctx of what has settled ends, unless it has before.
var ended = latectx.NewEnd(ErrEnded)

// judge returns the state in which n ends, and its error, given how its function
// ended.
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
	if ctxErr == nil {
		return Failed, err
	}
	state := Failed
	call(func() { // the methods of err are its author's
		if verdict.Cancelled(err, ctxErr, cause) {
			state = Canceled
		}
	}, func(e error) {
		if e != nil {
			state, err = Panicked, e
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

// call calls f, and end with the error of f's panic or Goexit, or with nil. After
// a Goexit it does not return.
func call(f func(), end func(error)) {
	Func[struct{}](func(context.Context) (struct{}, error) {
		f()
		return struct{}{}, nil
	}).Call(context.Background(), func(_ struct{}, err error) { end(err) })
}

// tell tells of the failure of n: its Group, or whoever is to hear of it if
// nobody looks at it.
func (n *node) tell(state State, err error) {
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
		n.home.group.fail(n, err)
	default:
		n.due(n.env.expect(n, state, err))
	}
}

// due notes the report that is due unless somebody looks at the error of n.
func (n *node) due(r *report) {
	n.mu.Lock()
	n.unheard = r
	n.raise(isReported)
	n.mu.Unlock()
}

// observe notes that somebody looked at the error of n, which is final.
func (n *node) observe() {
	if n.is(isReported) {
		n.unheard.observe()
	}
}

// finish has n, a task in the tree, settle and leave. It is the last that the
// task's goroutine does.
func (n *node) finish(state State) {
	_ = n.ctxEnded() // what was first ends its ctx, and not the end
	p := n.lockParent()
	n.mu.Lock()
	if n.hooks.called() {
		// The parent must not see n go before the callbacks have been called.
		n.mu.Unlock()
		p.mu.Unlock()
		defer n.gone()
		defer n.leave()
		n.settle(state)
		return
	}
	done, hooks := n.settleLocked(state)
	n.leaveLocked(p)
	n.mu.Unlock()
	p.mu.Unlock()
	wake(done, hooks)
	n.release()
	n.gone()
}

// gone does what is left to do when n is out of the tree.
func (n *node) gone() {
	if p := n.places(); p != nil {
		p.leave()
	}
	if n.is(isReported) {
		n.letGo()
	}
	if s := n.scope(); s != nil && s.group == nil {
		close(s.left)
	}
}

// settle makes n final, wakes whoever waits for it, and calls the callbacks, the
// oldest first.
func (n *node) settle(state State) {
	_ = n.ctxEnded()
	n.mu.Lock()
	done, hooks := n.settleLocked(state)
	n.mu.Unlock()
	if calls := wake(done, hooks); calls != nil {
		n.callAll(calls)
	}
}

// settleLocked makes n final and returns who is to be woken when n.mu, which is
// locked, no longer is.
func (n *node) settleLocked(state State) (done chan struct{}, hooks *hook) {
	n.status.Store(n.status.Load()&^stateMask | uint32(state) | isFinal)
	//lint:ignore SA1012 what has ended needs no base
	n.late.End(nil, ended)
	done, hooks = n.done, rouse(n.hooks)
	n.hooks = nil
	return done, hooks
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
	call(f, func(err error) {
		if err != nil {
			n.env.report(n.info(), &Error{Op: "callback of", Task: n.name(), Err: err})
		}
	})
}
