package task

import (
	"context"
	"time"
)

// An until describes what ends a wait besides the awaited nodes. It is made
// from a ctx, which may be of a user's type, and does not call it again: code
// that inspects the wait of another task must not call methods of that task's
// ctx.
type until struct {
	open    bool            // there is a wait
	bounded bool            // it will end by a deadline that is nearer than that of the task
	scope   *scope          // the scope whose cancellation ends it, if that is not the task's; or nil
	own     *nodeCtx        // the ctx if it is one of ours, or nil
	done    <-chan struct{} // its channel if it is not
}

// until returns the until of a wait of w with ctx.
func (w *node) until(ctx context.Context) until {
	u := until{open: true}
	if own, ok := ctx.(*nodeCtx); ok {
		n := own.at.Load()
		if u.own = own; n == w {
			return u
		}
		u.scope = n.within()
	} else {
		u.done = ctx.Done()
		if n := nodeOf(ctx); n != nil && n != w {
			if n = nodeEnding(ctx); n != nil {
				u.scope = n.within()
			}
		}
	}
	if at, ok := ctx.Deadline(); ok {
		last, limited := time.Time{}, false
		if base := w.whole().base(); base != nil {
			last, limited = base.Deadline()
		}
		u.bounded = !limited || at.Before(last)
	}
	return u
}

// over reports whether the ctx is done.
func (u *until) over() bool {
	if u.own != nil {
		return u.own.Ended()
	}
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}

// ended returns a channel that is closed when the ctx is done, or nil.
func (u *until) ended() <-chan struct{} {
	if u.own != nil {
		return u.own.Done()
	}
	return u.done
}

// ends reports whether w's wait ends by itself, at a deadline.
func (w *node) ends(u *until) bool { return u.bounded || w.isTimedBy(u.scope) }

// lasts reports whether w's wait goes on unless an awaited node ends.
func (w *node) lasts(u *until) bool { return u.open && !w.ends(u) && !u.over() }

// doneOf returns the channel that ends a wait of w, in its own function, when the ctx of
// the wait ends. It is nil if w is roused then.
func (w *node) doneOf(u *until) <-chan struct{} {
	if c := u.own; c != nil && c.at.Load() == w && w.base() == nil {
		return nil
	}
	return u.ended()
}
