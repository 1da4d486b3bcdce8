package ctxsql

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// current has the transactions that the running goroutine is in or has
// inherited, one of each database and level.
var current = ctxvar.New[*hold]("ctxsql.transaction")

// A hold is the right of one goroutine to use a level of a transaction, for as
// long as its call of InTx or Share takes. Goroutines that have inherited it,
// or find it in a ctx, have the pointer too, and are told apart by goroutine.
//
// over is set before the call returns or unwinds.
type hold struct {
	level     *level
	goroutine uint64
	over      atomic.Bool
	outer     *hold // what was current before
	token     *ctxvar.Token[*hold]
}

// enter lets the running goroutine use l until leave.
func (l *level) enter() *hold {
	h := &hold{level: l, goroutine: gls.Goroutine(), outer: current.Get()}
	h.token = current.Set(h)
	return h
}

// leave must be called by the goroutine, and from the function, that called
// enter, when it returns and when it unwinds.
func (h *hold) leave() {
	h.over.Store(true)
	h.token.Reset()
}

// find returns the innermost hold on a transaction of db that the running
// goroutine has or has inherited; here tells that it is this one. If there is
// none, or it has ended, find returns the one that ctx carries, if any.
//
// It looks into ctx so that what a transaction hands to a goroutine that is not
// its child, a worker's or a timer's, does not run outside of the transaction
// without anyone noticing.
func find(ctx context.Context, db *sql.DB) (h *hold, here bool) {
	h = current.Get().of(db)
	if h != nil && h.level.open.Load() != nil {
		return h, true
	}
	if c, ok := ctxvar.FromContext(ctx); ok {
		carried, _ := current.In(c)
		if carried = carried.of(db); carried != nil {
			return carried, false
		}
	}
	return h, true
}

// of returns the innermost of h and what is around it that is of db, or nil.
func (h *hold) of(db *sql.DB) *hold {
	for ; h != nil; h = h.outer {
		if h.level.db == db {
			return h
		}
	}
	return nil
}

// mine reports whether h is the running goroutine's.
func (h *hold) mine() bool {
	return h.goroutine == gls.Goroutine() && !h.over.Load()
}

// use returns the transaction, or a *TxError that says why the running
// goroutine may not use it for op.
func (h *hold) use(op string) (*transaction, error) {
	t := h.level.open.Load()
	switch {
	case t == nil:
		return nil, h.level.refuse(op, ErrTxEnded, "do it before InTx returns, or in OnCommit;"+
			" start what outlives the transaction with ctxvar.Detach and a ctx from outside of it")
	case !h.mine():
		return nil, h.level.refuse(op, ErrOtherGoroutine, "to take part in it, call ctxsql.Share;"+
			" for a transaction of one's own, InTx with Autonomous;"+
			" for none, start the goroutine with ctxvar.Detach and a ctx from outside of it")
	}
	if cause := t.broken.Load(); cause != nil {
		return nil, &TxError{Op: op, Err: ErrRollbackOnly, Begun: h.level.begun.String(), Cause: *cause}
	}
	return t, nil
}
