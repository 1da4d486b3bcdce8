package ctxtx

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Share calls fn in the transaction of db that the running goroutine has
// inherited, or that ctx carries, and returns fn's result. With Share, a
// goroutine takes part in a transaction that another goroutine began. If fn
// returns an error, panics or calls [runtime.Goexit], the transaction can no
// longer be committed. In a goroutine that may use the transaction anyway,
// Share only calls fn.
//
// Otherwise it returns an [*Error] without calling fn: with [ErrNoTx] if there
// is no transaction, [ErrTxEnded] if it has ended, and [ErrShared] if a
// savepoint is open, unless the goroutine was started inside of it. An InTx
// whose function returns while another goroutine is inside of Share rolls back
// and returns ErrShared, and a savepoint cannot begin during Share.
func (a *Adapter) Share(ctx context.Context, db any, fn func(ctx context.Context) error) error {
	h, _ := a.find(ctx, db)
	if h == nil {
		return a.refuse(Error{Op: "Share", Err: ErrNoTx, todo: "call it in a goroutine that InTx's function starts," +
			" or with the ctx given to that function"})
	}
	l := h.level
	if h.mine() && l.open.Load() != nil {
		return l.join(ctx, fn)
	}
	if err := l.share(); err != nil {
		return err
	}
	own := new(hold).enter(l)
	token := a.current.Set(own)
	return l.join(ctxvar.NewContext(ctx), func(ctx context.Context) (err error) {
		defer l.unshare()
		defer func() {
			if !own.leave(token) && err == nil {
				err = l.refuse("Share", ErrLost, lostTodo)
			}
		}()
		return fn(ctx)
	})
}

// share notes that a goroutine begins to take part in l.
func (l *level) share() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.open.Load() == nil:
		return l.refuse("Share", ErrTxEnded, "the function that starts the goroutine must wait for it before InTx's function returns")
	case l.nested > 0:
		return l.refuse("Share", ErrShared, "a savepoint is open, and has the transaction for itself:"+
			" share before it begins or after it ends")
	}
	l.sharers++
	return nil
}

func (l *level) unshare() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sharers--
}
