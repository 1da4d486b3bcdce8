package task

import (
	"context"
	"time"
)

// CancelScope cancels the innermost [Group] or [Run] that ctx comes from: its ctx,
// with cause as [context.Cause], and all that was started in it. A cause of nil is
// [context.Canceled]. It does not wait. The Group then returns a
// [*CanceledError] that has the cause, unless something in it fails.
//
// It reports false, and does nothing, if ctx comes from neither, or if what it
// comes from has ended. It mirrors trio's nursery.cancel_scope.cancel.
func CancelScope(ctx context.Context, cause error) bool {
	n := scopeOf(ctx)
	return n != nil && n.cancel(cause)
}

// SetTimeout has the innermost [Group] or [Run] that ctx comes from end d from
// now: it is cancelled then, with a [*TimeoutError] as the cause, which is its
// error if it ends because of that. To call it again moves the time, further away
// or nearer; a negative d takes it back. It reports false, and does nothing, if
// ctx comes from neither, or if the time has passed already or the scope has
// ended. It mirrors the deadline of trio's cancel scopes and asyncio's
// Timeout.reschedule.
//
// The time is not in ctx.Deadline, which may not move, so what reads that does
// not know of it. A [Timeout], which is there, is a limit besides and cannot be
// moved.
func SetTimeout(ctx context.Context, d time.Duration) bool {
	n := scopeOf(ctx)
	if n == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.scope()
	if n.is(isFinal|isCanceled) || s.flags()&isClosed != 0 {
		return false
	}
	if s.moving != nil {
		s.moving.Stop() // if it is too late for that, the timer finds another limit
		s.moving = nil
	}
	if d < 0 {
		return true
	}
	limit := &TimeoutError{Task: n.name(), After: d}
	s.moved, s.movedTo = limit, time.Now().Add(d)
	s.moving = time.AfterFunc(d, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if s.moving != nil && s.moved == limit && !n.is(isFinal) {
			n.cancelLocked(limit, 0)
		}
	})
	return true
}

// scopeOf returns the innermost scope that ctx comes from, or nil.
func scopeOf(ctx context.Context) *node {
	n := nodeOf(ctx)
	if n == nil {
		return nil
	}
	if s := n.within(); s != nil {
		return s.node.Load()
	}
	return nil
}
