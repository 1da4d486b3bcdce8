package task

import (
	"context"
	"time"
)

// CancelScope cancels the innermost [Group] or [Run] that ctx comes from: its
// ctx, with cause as [context.Cause], and every task started in it. If cause is
// nil, it is [context.Canceled]. CancelScope does not wait. The Group or Run
// then returns a [*CanceledError] with the cause, unless something in it fails.
//
// CancelScope reports false, and does nothing, if ctx comes from no Group or
// Run, or if that has ended. It mirrors trio's nursery.cancel_scope.cancel.
func CancelScope(ctx context.Context, cause error) bool {
	n := scopeOf(ctx)
	return n != nil && n.cancel(cause)
}

// SetTimeout sets a time limit for the innermost [Group] or [Run] that ctx
// comes from: after d it is cancelled, with a [*TimeoutError] as the cause. The
// TimeoutError is also its error if it ends because of the limit. Another call
// replaces the limit with a later or an earlier one, and a call with a negative
// d removes it. SetTimeout reports false, and does nothing, if ctx comes from
// no Group or Run, if the previous limit has passed, or if the scope has ended.
// It mirrors the deadline of trio's cancel scopes and asyncio's
// Timeout.reschedule.
//
// ctx.Deadline does not report the limit, because the result of Deadline must
// not change, so code that reads Deadline does not learn of it. Neither does the
// search for deadlocks: a wait that the limit would end may fail with
// [ErrDeadlock] before. A [Timeout]
// option, which ctx.Deadline does report, is a separate limit and cannot be
// changed.
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
