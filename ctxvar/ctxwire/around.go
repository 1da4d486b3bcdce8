package ctxwire

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// An around calls rest once, in the calling goroutine, before it returns.
type around func(ctx context.Context, rest func(context.Context))

// Around returns a field without a variable. At the field's place among the
// fields, an adapter calls receive when it handles an incoming message, and
// send when it sends one. It passes the ctx of the message and a function that
// does the rest: that function processes the fields after this one and then
// handles, or sends, the message. receive and send must call it once, in the
// goroutine in which they were called and before they return, with a ctx that
// descends from the one they were given. They may set variables for the
// duration of the call or replace the ctx; a panic passes through. Both may be
// called by several goroutines at the same time, and one of them may be nil.
//
// If the function is not called, a message is not sent, or its handling fails.
// Around panics with a [*ctxvar.UsageError] if both are nil.
func Around(receive, send func(ctx context.Context, rest func(context.Context))) Field {
	if receive == nil && send == nil {
		panic(&ctxvar.UsageError{Func: "ctxwire.Around", Problem: "two nil functions; pass one for messages received, or sent, or both"})
	}
	return Field{receiving: receive, sending: send}
}

// call calls rest within a, and returns its result.
func (a around) call(ctx context.Context, rest func(context.Context) error) error {
	err := ErrNotCalled
	a(ctx, func(ctx context.Context) { err = rest(ctx) })
	return err
}
