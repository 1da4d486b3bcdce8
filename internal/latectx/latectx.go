// Package latectx is the common part of our contexts. Each of them becomes a
// context of the standard library late, when somebody asks for something that
// only such a context provides.
//
// Most contexts of tasks and of jobs are never asked for their Done channel. A
// context of the standard library costs memory, and a place in the list of its
// parent, which most of them do not need. So our contexts embed a [Late], which
// is one word, and pass it what else ends the context: its base.
//
// # Guarantees
//
// Once Err has returned an error, Err and Cause never change, agree with each
// other, and are those of what ended the context first, its base or Cancel.
// This takes a decision, which is made once, even if many goroutines look and
// cancel at the same time. The decision is stored in the one word, which is
// changed only by compare-and-swap, in one of these ways:
//
//	open ───────────────→ standard     asked for the channel: std decides from
//	now on
//	  └─→ ended ─→ ended, standard     the decision is made; std is made to
//	  agree with it
//
// A goroutine that finds the base done while the Late is open makes the
// decision from that, even if it only looks: Err will keep returning what it
// has returned. The decision does not call the user's code, so it may be made
// with locks held; see [Base]. While the context is standard, std makes the
// decision, with a lock of its own. The end of the base reaches std a moment
// after the base itself is done, and other contexts derived from the base may
// learn of it earlier. So a goroutine that finds the base done waits for that
// moment to pass; see caughtUp.
package latectx

import (
	"context"
	"sync/atomic"
	"time"
)

// A Late is the state of a context. The zero Late is open. All methods are safe
// for concurrent use. They take the base, which is what ends the context
// besides Cancel. It must always be the same, and be a result of [Base], or nil
// if there is none.
type Late struct{ phase atomic.Pointer[phase] }

// A phase is immutable. A Late with none is open.
type phase struct {
	// Standard, or nil.
	std    context.Context
	cancel context.CancelCauseFunc // nil if ended

	// Ended, or nil: by itself, or by the end of what is to be asked for both.
	err, cause error
	by         Ended
}

// why returns the error and the cause of p, which is ended.
func (p *phase) why() (err, cause error) {
	if p.by != nil {
		return p.by.Why()
	}
	return p.err, p.cause
}

// An End is an end by Cancel whose memory can be shared by any number of
// contexts.
type End struct{ phase phase }

// NewEnd returns the end with [context.Canceled] and cause.
func NewEnd(cause error) *End {
	return &End{phase{err: context.Canceled, cause: cause}}
}

// Err returns why the context is done, or nil if it is not. It may call methods
// of the context from which the base was made.
func (l *Late) Err(base context.Context) error {
	p := l.now(base)
	if p == nil {
		return nil
	}
	if p.cancel != nil {
		return p.caughtUp(base).Err()
	}
	err, _ := p.why()
	return err
}

// Ended reports whether the context is done. It does not call the user's code.
func (l *Late) Ended(base context.Context) bool {
	p := l.now(base)
	return p != nil && (p.cancel == nil || p.caughtUp(base).Err() != nil)
}

// caughtUp returns the std of p, which decides. If base is done, it first waits
// until std is done too.
//
// A context of the standard library that ends is first done itself and then
// ends the contexts derived from it, one after the other, holding its lock all
// the time. [context.Cause] takes that lock, so it returns after std has been
// reached. A base of another type ends std from another goroutine. Nothing
// shows when, so std counts.
func (p *phase) caughtUp(base context.Context) context.Context {
	if base != nil && p.std.Err() == nil && IsDone(base) {
		if f, ok := base.(*foreign); !ok || f.same {
			_ = context.Cause(base)
		}
	}
	return p.std
}

// Cause returns Err and what [context.Cause] returns for the context.
func (l *Late) Cause(base context.Context) (err, cause error) {
	if err = l.Err(base); err == nil {
		return nil, nil
	}
	if p := l.phase.Load(); p.cancel == nil {
		return p.why()
	} else if cause = context.Cause(p.std); cause != nil {
		return err, cause
	}
	return err, err
}

// Cancel ends the context with [context.Canceled] and cause or, if base is
// already done, with the end of base. It does nothing if the context has ended.
// A nil cause means [context.Canceled]. Cancel does not call the user's code.
func (l *Late) Cancel(base context.Context, cause error) {
	if l.decided(base) {
		return
	}
	if cause == nil {
		cause = context.Canceled
	}
	l.finish(base, &phase{err: context.Canceled, cause: cause})
}

// End is Cancel without an allocation.
func (l *Late) End(base context.Context, e *End) {
	if l.decided(base) {
		return
	}
	l.finish(base, &e.phase)
}

// decided reports whether the decision is made, other than by a std.
func (l *Late) decided(base context.Context) bool {
	p := l.now(base)
	return p != nil && p.cancel == nil
}

// finish makes p the decision if there is none yet.
func (l *Late) finish(base context.Context, p *phase) {
	if l.phase.CompareAndSwap(nil, p) {
		return
	}
	if now := l.phase.Load(); now.cancel != nil {
		now.caughtUp(base)
		now.cancel(p.cause)
	}
}

// now returns the phase, or nil for open. If the Late was open, it looks at base
// first.
func (l *Late) now(base context.Context) *phase {
	if p := l.phase.Load(); p != nil {
		return p
	}
	return l.look(base)
}

// look makes the decision from base if that is done, and returns the phase, or
// nil for open.
func (l *Late) look(base context.Context) *phase {
	if base == nil || !IsDone(base) {
		return nil
	}
	next := new(phase)
	if ours, ok := base.(Ended); ok {
		next.by = ours
	} else {
		next.err, next.cause = why(base)
	}
	l.phase.CompareAndSwap(nil, next)
	return l.phase.Load()
}

// Standard returns the context of the standard library, which it makes if there
// is none. That context has the Done channel, and is what [context.WithCancel]
// and [context.Cause] look up under the key of [IsCancelKey].
func (l *Late) Standard(base context.Context) context.Context {
	for {
		p := l.now(base)
		if p != nil && p.std != nil {
			return p.std
		}
		next := p.standard(base)
		if l.phase.CompareAndSwap(p, next) {
			return next.std
		}
		if next.cancel != nil {
			next.cancel(nil) // somebody was faster
		}
	}
}

// standard returns the phase that follows p, which has no std.
func (p *phase) standard(base context.Context) *phase {
	if p == nil {
		if base == nil {
			base = context.Background()
		}
		std, cancel := context.WithCancelCause(base)
		return &phase{std: std, cancel: cancel}
	}
	err, cause := p.why()
	return &phase{std: done(err, cause), err: err, cause: cause}
}

// done returns a context of the standard library that is done with err and
// cause.
func done(err, cause error) context.Context {
	if err == context.DeadlineExceeded {
		ctx, cancel := context.WithDeadlineCause(context.Background(), time.Unix(0, 0), cause)
		cancel()
		return ctx
	}
	// An error that is neither of them comes from a context of another
	// type. Our context keeps returning it as its Err.
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	return ctx
}

// IsCancelKey reports whether key is the one under which the standard library's
// contexts find the nearest of their own kind. Our contexts answer it with the
// value in their std: l.Standard(base).Value(key). If a Go release no longer
// asks in the way from which the key is learnt, IsCancelKey returns true for
// every key, and a context must continue its look-up if the answer is nil.
func IsCancelKey(key any) bool { return key == cancelKey || cancelKey == nil }

var cancelKey = learnCancelKey()

// learnCancelKey learns the key from what [context.Cause] asks for.
func learnCancelKey() any {
	a := asked{Context: context.Background()}
	_ = context.Cause(&a)
	return a.key
}

// An asked is a cancelled context that remembers the key it was last asked for.
type asked struct {
	context.Context
	key any
}

func (*asked) Err() error { return context.Canceled }

func (a *asked) Value(key any) any {
	a.key = key
	return nil
}

// Follow makes l, which is open and not yet shared, end as o, which has ended
// and has the same base.
func (l *Late) Follow(o *Late) { l.phase.Store(o.phase.Load()) }
