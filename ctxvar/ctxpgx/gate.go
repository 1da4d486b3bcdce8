package ctxpgx

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

var errRowsOpen = errors.New("rows of a statement are open: read them to the end, or close them, where they were asked for")

// A gate lets one goroutine at a time use a connection, which pgx has no lock for: from
// the start of a statement until its rows are closed.
type gate struct {
	turn   chan struct{} // has an element while somebody's turn it is
	holder atomic.Uint64 // the goroutine whose turn it is, or 0
}

func newGate() gate { return gate{turn: make(chan struct{}, 1)} }

// enter waits for the running goroutine's turn, until ctx ends. entered is false if it
// was its turn already: pgx itself says that the connection is busy.
func (g *gate) enter(ctx context.Context) (entered bool, err error) {
	if entered, ok := g.tryEnter(); ok {
		return entered, nil
	}
	select {
	case g.turn <- struct{}{}:
		g.holder.Store(gls.Goroutine())
		return true, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// tryEnter is enter without waiting. ok is false if it is another goroutine's turn.
func (g *gate) tryEnter() (entered, ok bool) {
	if g.holder.Load() == gls.Goroutine() {
		return false, true
	}
	select {
	case g.turn <- struct{}{}:
		g.holder.Store(gls.Goroutine())
		return true, true
	default:
		return false, false
	}
}

// leave ends the turn of the goroutine that entered.
func (g *gate) leave() {
	g.holder.Store(0)
	<-g.turn
}
