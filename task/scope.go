package task

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

// A scope is a Group, or the main task of a Run: it waits for everything that
// was started in it before it ends. The nodes in a scope refer to it for as
// long as somebody keeps a handle or a ctx of them. So once a scope has ended,
// it no longer refers to its own node.
type scope struct {
	group   *group               // nil in a Run
	outer   *scope               // whose cancellation is its own too, or nil
	name    string               // of its node, once that has gone
	node    atomic.Pointer[node] // nil once it is closed
	phase   atomic.Uint32        // flags; stored with the node's mu locked
	waiter  atomic.Pointer[node] // once isOver: the task that waits for the end, or nil
	empty   chan struct{}        // closed when the last child leaves; guarded by the node's mu
	places  *places              // the Limit option, or nil
	left    chan struct{}        // closed when the main task of a Run has left the tree; nil in a Group
	moving  *time.Timer          // see SetTimeout; guarded by the node's mu
	moved   *TimeoutError        // likewise: what it is cancelled with
	movedTo time.Time            // likewise: when
	timed   *timedWaits          // made before it first isTimed
	signal  *endSignal           // see UntilEnding; guarded by the node's mu
}

// The flags of a scope. A scope that is ending accepts no more tasks, and neither
// do those in it that are cancelled with it: a task that starts its own successor,
// as tickers and retries do, would otherwise keep it alive for ever, cancelled or
// not.
const (
	isOver   = 1 << iota // its function has ended, and what is left is waited for
	isShut               // it is being cancelled: no more tasks may be started in it
	isDoomed             // so is a Run around it, and whatever is opened in it is cancelled
	isClosed             // it has ended
	isTimed              // it has a limit of SetTimeout
)

func (s *scope) flags() uint32 {
	if s == nil {
		return 0
	}
	return s.phase.Load()
}

// raise sets flags; the mu of the node is locked, or the node is not shared yet.
func (s *scope) raise(flags uint32) {
	s.phase.Or(flags)
	if s.signal != nil && flags&(isShut|isClosed) != 0 {
		s.signal.end()
	}
}

// refuses returns why s, which may be nil, accepts no more tasks, or nil if it does.
// Locks may be held.
func (s *scope) refuses() error {
	switch flags := s.flags(); {
	case flags&isClosed != 0:
		return ErrEnded
	case flags&isShut != 0, s.dying():
		return ErrCanceling
	}
	return nil
}

// dying reports whether s waits for its end and its ctx is done. If the
// cancellation came from further out through a context, s has not been notified
// of it.
func (s *scope) dying() bool {
	if s.flags()&isOver == 0 {
		return false
	}
	n := s.node.Load()
	return n != nil && n.ctxEnded()
}

// place returns the node in s under which to put a node that has no better
// place, or nil if s has ended. s may be nil.
func (s *scope) place(id uint64) *node {
	if s == nil {
		return root(id)
	}
	return s.node.Load()
}

// refused returns the error of n, which its scope does not accept because of
// why. s is the node of the scope, or nil if the scope has ended. No lock is
// held.
func (n *node) refused(why error, s *node) error {
	e := n.home.refusal(why, s)
	if err, cause := n.late.Cause(n.base()); why == ErrCanceling && err != nil {
		e.err, e.cause = err, cause // n was queued, or is cancelled for its own reasons too
	}
	return &Error{Op: "start", Task: n.name(), Err: e}
}

// refusal returns the error of what s does not accept because of why. n is the node of s,
// or nil if s has ended. No lock is held.
func (s *scope) refusal(why error, n *node) *refusal {
	if n == nil {
		return &refusal{scope: s.name, why: why} // the name was written before
	}
	e := &refusal{scope: n.name(), why: why}
	if why == ErrCanceling {
		n.mu.Lock() // a scope that accepts no more may not be cancelled yet
		//lint:ignore SA2001 it was to wait for that
		n.mu.Unlock()
		e.err, e.cause = n.cancellation()
	}
	return e
}

// A refusal says which scope accepted no more tasks.
type refusal struct {
	scope string
	why   error
	err   error // of its ctx if that is cancelled, or nil
	cause error // what it is cancelled with, or nil
}

func (e *refusal) Error() string {
	return fmt.Sprintf("cannot start a task in %q: %v", e.scope, e.why)
}

// Unwrap returns the cause with which the scope is cancelled. So a refusal that
// a task passes on counts as the cancellation of the scope.
func (e *refusal) Unwrap() error { return e.cause }

// refusedWith returns with what n is cancelled, whose own ctx is not, if err has in it
// that the scope of n, which is being cancelled, accepted no more tasks: nil and nil if
// not. It calls methods of err, which are the user's.
func (n *node) refusedWith(err error) (ctxErr, cause error) {
	s := n.home.node.Load() // not nil, for n is in it
	_, cause = s.cancellation()
	if !verdict.Find(err, func(e error) bool {
		r, ok := e.(*refusal)
		return ok && r.why == ErrCanceling && r.cause != nil && verdict.Same(r.cause, cause)
	}) {
		return nil, nil
	}
	return context.Canceled, cause
}

// Is reports whether target is the reason why the scope accepted no more tasks.
func (e *refusal) Is(target error) bool { return target == e.why }

// close ends the scope of n, whose function has ended: it waits until there
// are no children, and then admits none. waiter is the task that cannot go on
// before that, or nil.
func (n *node) close(waiter *node) {
	s := n.scope()
	s.waiter.Store(waiter)
	n.mu.Lock()
	over := uint32(isOver)
	ended := n.ctxEnded()
	if ended {
		over |= isShut
	}
	s.raise(over)
	n.unfork()
	n.mu.Unlock()
	if ended || n.ctxEnded() {
		n.shutBelow()
	}
	for {
		n.mu.Lock()
		if n.first == nil {
			s.raise(isClosed)
			s.name = n.name()
			s.node.Store(nil)
			s.drop()
			n.mu.Unlock()
			s.waiter.Store(nil)
			return
		}
		empty := make(chan struct{})
		s.empty = empty
		n.mu.Unlock()
		n.judgeEnd(waiter)
		<-empty
	}
}

// drop releases what refers to the node of s, which is closed and whose mu is locked.
func (s *scope) drop() {
	if s.moving != nil {
		s.moving.Stop()
		s.moving = nil
	}
	if s.timed != nil {
		s.timed.forget()
	}
	if s.signal != nil {
		s.signal.ignore()
		s.signal = nil
	}
}

// shutBelow marks the scopes below n as ending. n is a scope that is cancelled
// and waits for its end.
func (n *node) shutBelow() {
	_, cause := n.cancellation()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cancelLocked(cause, shutting)
}

// closeRun ends the scope of n, the main task of a Run, whose function has ended.
func (n *node) closeRun() {
	n.mu.Lock()
	n.cancelLocked(ErrRunEnded, shutting|all)
	n.mu.Unlock()
	countWaiting(1)
	n.close(n)
	countWaiting(-1)
}
