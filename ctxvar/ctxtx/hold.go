package ctxtx

import (
	"context"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// A hold is the right of one goroutine to use a level of a transaction, for the
// duration of its call of InTx or Share. Goroutines that have inherited it, or
// find it in a ctx, have the pointer too; the field goroutine distinguishes
// them.
//
// over is set before the call returns or unwinds.
type hold struct {
	level     *level
	goroutine uint64
	over      atomic.Bool
	outer     *hold // what was current before
}

// enter makes h, which is zero, the running goroutine's hold on l until leave.
// The caller makes h the current hold, so that the token is on the caller's
// stack.
func (h *hold) enter(l *level) *hold {
	h.level, h.goroutine, h.outer = l, gls.Goroutine(), l.adapter.current.Get()
	return h
}

// leave must be called by the goroutine, and from the function, that called
// enter, when that function returns or unwinds, with the token of the call that
// made h current. It reports whether h was still current, that is, whether the
// goroutine had its variables to the end. If not, they are left as they are.
func (h *hold) leave(token *ctxvar.Token[*hold]) (intact bool) {
	h.over.Store(true)
	if h.level.adapter.current.Get() != h {
		return false
	}
	token.Reset()
	return true
}

// find returns the innermost hold on a transaction of db that applies here, or
// nil. here reports whether it is among the running goroutine's variables.
//
// The goroutine's own hold applies, whatever ctx is, because the goroutine has
// called InTx or Share, and did not merely inherit. Otherwise the hold among
// the values that apply to ctx does (see [ctxvar.Effective]) or, if that has
// ended, one that ctx carries. So work that a transaction passes to a goroutine
// that is not its child, such as a worker or a timer, does not run outside of
// the transaction unnoticed; and a transaction that somebody else left to a
// worker of a pool does not apply to a job with a ctx.
func (a *Adapter) find(ctx context.Context, db any) (h *hold, here bool) {
	own := a.current.Get().of(db)
	if own != nil && own.mine() {
		return own, true
	}
	if _, carries := gls.CarriedBy(ctx); !carries {
		return own, true
	}
	counts, _ := a.current.In(ctxvar.Effective(ctx))
	if h = counts.of(db); h != nil && h.level.open.Load() != nil {
		if own.isWithin(h) {
			h = own // a savepoint of it, inside of which ctx was passed on
		}
		return h, h == own
	}
	if c, ok := ctxvar.FromContext(ctx); ok {
		carried, _ := a.current.In(c)
		if carried = carried.of(db); carried != nil {
			return carried, false
		}
	}
	return h, h == own
}

// outside returns nil if it is certain that there is no transaction here, after
// find has found none, and otherwise an error.
func (a *Adapter) outside(ctx context.Context, op string) error {
	if !ctxvar.MayBeLost() {
		return nil
	}
	if _, ok := ctxvar.FromContext(ctx); ok {
		return nil // ctx says so
	}
	return a.refuse(Error{Op: op, Err: ctxvar.ErrMayBeLost, todo: "give it a ctx that carries variables, of InTx" +
		" or of ctxvar.NewContext, or label with ctxvar.Do, or begin a ctxvar.Work"})
}

// of returns the innermost hold on db among h and those around it, or nil.
func (h *hold) of(db any) *hold {
	for ; h != nil; h = h.outer {
		if h.level.db == db {
			return h
		}
	}
	return nil
}

// isWithin reports whether h was entered inside of outer.
func (h *hold) isWithin(outer *hold) bool {
	for ; h != nil; h = h.outer {
		if h == outer {
			return true
		}
	}
	return false
}

// mine reports whether h is the running goroutine's.
func (h *hold) mine() bool {
	return h.goroutine == gls.Goroutine() && !h.over.Load()
}

// use returns the transaction, or an error that says why the running
// goroutine may not use it for op.
func (h *hold) use(op string) (*transaction, error) {
	t := h.level.open.Load()
	switch {
	case t == nil:
		return nil, h.level.refuse(op, ErrTxEnded, "do it before InTx returns, or in OnCommit;"+
			" start what outlives the transaction with ctxvar.Detach and a ctx from outside of it")
	case !h.mine():
		return nil, h.level.refuse(op, ErrOtherGoroutine, "to take part in it, call "+h.level.adapter.name+".Share;"+
			" for a transaction of one's own, InTx with Autonomous;"+
			" for none, start the goroutine with ctxvar.Detach and a ctx from outside of it")
	}
	if cause := t.broken.Load(); cause != nil {
		return nil, t.adapter.refuse(Error{Op: op, Err: ErrRollbackOnly, Begun: h.level.begun.String(), Cause: *cause})
	}
	return t, nil
}
