package ctxtx

import (
	"context"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Gate makes the goroutines that share a transaction take turns on its
// connection, from the start of a statement until its rows are closed, for a
// driver that has no lock of its own. It is made with the transaction, by
// [Adapter.NewGate].
type Gate struct {
	adapter *Adapter
	turn    chan struct{} // has an element while it is a goroutine's turn
	holder  atomic.Uint64 // the goroutine whose turn it is, or 0
}

// NewGate returns the Gate of one transaction.
func (a *Adapter) NewGate() *Gate { return &Gate{adapter: a, turn: make(chan struct{}, 1)} }

// Enter waits for the running goroutine's turn. If ctx ends first, it returns
// an [*Error] with [ErrShared], whose Cause is ctx's. The goroutine calls leave
// when its statement has ended; further calls of leave do nothing.
//
// If it is already the goroutine's turn, because rows of an earlier statement
// are open, Enter does not wait for itself: leave then does nothing, and the
// driver decides what happens with two statements at once.
func (g *Gate) Enter(ctx context.Context, op string) (leave func(), err error) {
	if leave, ok := g.TryEnter(); ok {
		return leave, nil
	}
	select {
	case g.turn <- struct{}{}:
		return g.entered(), nil
	case <-ctx.Done():
		return nil, g.adapter.refuse(Error{Op: op, Err: ErrShared, Cause: context.Cause(ctx),
			todo: "ctx has ended while a statement of another one ran, or had rows that were not closed"})
	}
}

// TryEnter is [Gate.Enter] without waiting. It reports false if it is another
// goroutine's turn.
func (g *Gate) TryEnter() (leave func(), ok bool) {
	if g.holder.Load() == gls.Goroutine() {
		return func() {}, true
	}
	select {
	case g.turn <- struct{}{}:
		return g.entered(), true
	default:
		return nil, false
	}
}

// entered makes it the turn of the running goroutine, which has put the element into turn.
// It returns the function that ends the turn.
func (g *Gate) entered() (leave func()) {
	g.holder.Store(gls.Goroutine())
	left := false // only this goroutine calls leave
	return func() {
		if !left {
			left = true
			g.holder.Store(0)
			<-g.turn
		}
	}
}
