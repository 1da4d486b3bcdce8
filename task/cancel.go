package task

import (
	"context"
	"time"

	"github.com/heirloom-go/heirloom/internal/latectx"
)

// CancelScope cancels the innermost [Group] or [Run] that ctx comes from: its
// ctx, with cause as [context.Cause], and every task started in it that is not
// protected from that, by [Shielded] or [context.WithoutCancel]. If cause is
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
// not change, so code that reads Deadline does not learn of it. [Sleep] and the
// search for deadlocks do. A [Timeout] option, which ctx.Deadline does report, is
// a separate limit and cannot be changed.
func SetTimeout(ctx context.Context, d time.Duration) bool {
	n := scopeOf(ctx)
	if n == nil {
		return false
	}
	var again []*node // the nodes whose waits the limit would have ended
	defer func() {
		for _, w := range again {
			w.reconsider()
		}
	}()
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.scope()
	if n.is(isFinal|isCanceled) || s.flags()&isClosed != 0 {
		return false
	}
	if s.moving != nil && !time.Now().Before(s.movedTo) {
		return false // its timer is late, and will fire soon
	}
	if s.moving != nil {
		s.moving.Stop() // if it has fired already, it finds another limit and does nothing
		s.moving = nil
	}
	if d < 0 {
		if s.flags()&isTimed != 0 {
			s.phase.And(^uint32(isTimed))
			again = s.timed.take()
		}
		return true
	}
	if s.timed == nil {
		s.timed = new(timedWaits)
	}
	s.raise(isTimed)
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

// nodeEnding returns the node whose ctx is the nearest whose end is the end of ctx too,
// or nil. It may call the user's code.
func nodeEnding(ctx context.Context) *node {
	for ctx != nil {
		ours := latectx.Nearest(ctx)
		if ours == nil {
			return nil
		}
		if c, ok := ours.(*nodeCtx); ok {
			return c.at.Load()
		}
		ctx = ours.Base() // of a call of package gather
	}
	return nil
}

// isDue reports whether ctx has a limit set by [SetTimeout] that lies before the given
// time, which has passed, and has not ended ctx yet. It may call the user's code.
func isDue(ctx context.Context, before time.Time) bool {
	n := nodeOf(ctx)
	if n == nil {
		return false
	}
	if n = nodeEnding(ctx); n == nil {
		return false
	}
	for s := n.within(); s != nil; s = s.outer {
		if s.flags()&isTimed != 0 && s.isDue(before) {
			return true
		}
	}
	return false
}

func (s *scope) isDue(before time.Time) bool {
	n := s.node.Load()
	if n == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return s.moving != nil && !s.movedTo.After(before) && !n.is(isCanceled)
}

// isIn reports whether w, a task or a job, is in s, at any depth, or is a Run with the
// scope s.
func (w *node) isIn(s *scope) bool {
	for in := w.whole().within(); in != nil; {
		if in == s {
			return true
		}
		g := in.node.Load()
		if g == nil {
			break
		}
		in = g.home
	}
	return false
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
