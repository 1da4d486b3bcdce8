package ctxwire

import "context"

// around calls rest once, in the goroutine it was called in, before it returns.
type around func(ctx context.Context, rest func(context.Context))

// Around returns a field without a variable. In its place among the fields, an
// adapter calls receive when it handles a message that came in, and send when it
// sends one, with the ctx of the message and a function that does the rest: that
// takes care of the fields behind this one and then handles, or sends, the message.
// They must call it once, with a ctx that descends from the one they were given,
// before they return and in the goroutine they were called in. They may set
// variables around that or have another ctx be used; a panic goes through. Both
// may be called by several goroutines at the same time, and one of them may be nil.
//
// A message is not sent, and its handling fails, if the function is not called.
// Around panics if both are nil.
func Around(receive, send func(ctx context.Context, rest func(context.Context))) Field {
	if receive == nil && send == nil {
		panic("ctxwire: Around of two nil functions")
	}
	return Field{receiving: receive, sending: send}
}

// call calls rest within a, and returns what it returns.
func (a around) call(ctx context.Context, rest func(context.Context) error) error {
	err := ErrNotCalled
	a(ctx, func(ctx context.Context) { err = rest(ctx) })
	return err
}
