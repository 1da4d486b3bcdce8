// Package latectx is the part that contexts of ours have in common: each of them
// is made a context of the standard library late, when somebody asks for what
// only such a one can give.
//
// Most contexts of tasks and of jobs are never asked for their Done channel, and
// a context of the standard library costs a piece of memory, and a place in the
// list of its parent, that most of them need not pay. So a context of ours embeds
// a [Late], which is one word, and says what ends it besides: its base.
//
// # What is promised
//
// Err and Cause never change once Err has returned an error, agree with each
// other, and are those of what ended the context first, its base or Cancel. That
// takes a decision, made once, however many look and cancel at the same time. It
// is in the one word: the word is changed by compare-and-swap alone, and takes
// one of these ways.
//
//	open ───────────────→ standard     asked for the channel: std decides from now on
//	  └─→ ended ─→ ended, standard     the decision is made; std is made to agree with it
//
// Who finds the base done while it is open makes the decision by that, also who
// only looks: what Err has returned is then what it is going to return. The decision
// calls nothing that is the user's, and so may be made with locks held; see [Base].
// While the
// context is standard, the decision is that of std, which has a lock of its own
// for it. The base reaches std a moment after it is done itself, and others that
// derive from the base may hear of it earlier, so whoever finds the base done
// waits for that moment to pass; see caughtUp.
package latectx

import (
	"context"
	"sync/atomic"
	"time"
)

// A Late is the state of a context. The zero Late is open. All methods are safe
// for concurrent use. The base that they take is what ends the context besides
// Cancel, always the same, of those that [Base] returns; or nil if there is no such
// thing.
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

// An End is an end by Cancel whose memory serves any number of contexts.
type End struct{ phase phase }

// NewEnd returns the end with [context.Canceled] and cause.
func NewEnd(cause error) *End {
	return &End{phase{err: context.Canceled, cause: cause}}
}

// Err returns why the context is done, or nil if it is not. It may call methods of
// the context that the base was made of.
func (l *Late) Err(base context.Context) error {
	p := l.phase.Load()
	if p == nil {
		if p = l.look(base); p == nil {
			return nil
		}
	}
	if p.cancel != nil {
		return p.caughtUp(base).Err()
	}
	err, _ := p.why()
	return err
}

// Ended reports whether the context is done. It calls nothing that is the user's.
func (l *Late) Ended(base context.Context) bool {
	p := l.phase.Load()
	if p == nil {
		p = l.look(base)
	}
	return p != nil && (p.cancel == nil || p.caughtUp(base).Err() != nil)
}

// caughtUp returns the std of p, which decides, once it is done if base is.
//
// A context of the standard library that ends is done first and then ends those
// that derive from it, one after the other, with its lock held all the time.
// [context.Cause] takes that lock, and so returns after std has been reached. A
// base of somebody's own type ends std from another goroutine: nothing tells
// when, and std counts.
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

// Cancel ends the context with [context.Canceled] and cause, or, if base is done
// already, with what that ended with. It does nothing to one that has ended. A
// cause of nil is [context.Canceled]. It calls nothing that is the user's.
func (l *Late) Cancel(base context.Context, cause error) {
	if l.decided(base) {
		return
	}
	if cause == nil {
		cause = context.Canceled
	}
	l.finish(base, &phase{err: context.Canceled, cause: cause})
}

// End is Cancel that takes no memory.
func (l *Late) End(base context.Context, e *End) {
	if l.decided(base) {
		return
	}
	l.finish(base, &e.phase)
}

// decided reports whether the decision is made, and is not that of a std.
func (l *Late) decided(base context.Context) bool {
	p := l.phase.Load()
	if p == nil {
		p = l.look(base)
	}
	return p != nil && p.cancel == nil
}

// finish makes p the decision if there is none.
func (l *Late) finish(base context.Context, p *phase) {
	if l.phase.CompareAndSwap(nil, p) {
		return
	}
	if now := l.phase.Load(); now.cancel != nil {
		now.caughtUp(base)
		now.cancel(p.cause)
	}
}

// look makes the decision by base if that is done, and returns the phase, nil
// for open.
func (l *Late) look(base context.Context) *phase {
	if base == nil || !IsDone(base) {
		return nil
	}
	if l.phase.Load() != nil {
		return l.phase.Load()
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
// is none: it has the Done channel, and it is what [context.WithCancel] and
// [context.Cause] look up under [CancelKey].
func (l *Late) Standard(base context.Context) context.Context {
	for {
		p := l.phase.Load()
		if p == nil {
			p = l.look(base)
		}
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
	// An error that is neither can only be that of a type of somebody's own,
	// whose Err the context of ours goes on giving.
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	return ctx
}

// IsCancelKey reports whether key is the one under which the standard library's
// contexts find the nearest of their own kind. A context of ours answers it with
// what its std has: l.Standard(base).Value(key). If a Go release stops asking in
// the way that it is learnt from, IsCancelKey says so of every key, and whoever
// answers goes on if the answer is nil.
func IsCancelKey(key any) bool { return key == cancelKey || cancelKey == nil }

var cancelKey = learnCancelKey()

// learnCancelKey learns the key from what [context.Cause] asks for.
func learnCancelKey() any {
	a := asked{Context: context.Background()}
	_ = context.Cause(&a)
	return a.key
}

// asked is a cancelled context that remembers the key it was last asked for.
type asked struct {
	context.Context
	key any
}

func (*asked) Err() error { return context.Canceled }

func (a *asked) Value(key any) any {
	a.key = key
	return nil
}

// Follow makes l, which is open and not shared yet, say what o says, which has
// ended and has the same base.
func (l *Late) Follow(o *Late) { l.phase.Store(o.phase.Load()) }
