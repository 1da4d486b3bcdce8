package dbtx

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Share calls fn in the transaction of db that the running goroutine has inherited, or
// that ctx carries.
func (k *Kind) Share(ctx context.Context, db any, fn func(ctx context.Context) error) error {
	h, _ := k.find(ctx, db)
	if h == nil {
		return k.refuse(Refusal{Op: "Share", Err: ErrNoTx, Todo: "call it in a goroutine that InTx's function starts," +
			" or with the ctx given to that function"})
	}
	l := h.level
	if h.mine() && l.open.Load() != nil {
		return l.join(ctx, fn)
	}
	if err := l.share(); err != nil {
		return err
	}
	own := new(Hold).enter(l)
	token := k.Current.Set(own)
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
		return l.refuse("Share", ErrTxEnded, "who starts the goroutine must wait for it before InTx's function returns")
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
