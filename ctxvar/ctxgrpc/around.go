package ctxgrpc

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Around returns a field that has no variable. In its place among the fields, an
// interceptor calls f with the RPC's ctx and a function that does the rest: that
// takes care of the fields behind this one and then, in a server, of the handler
// or, in a client, of the call, or the opening of the stream. f must call it once,
// with a ctx that descends from the one it was given, before it returns and in
// the goroutine it was called in. It may set variables around that, as
// ctxotel.With does, or have another ctx be used; a panic goes through it. f may
// be called by several goroutines at the same time.
//
// Around panics if f is nil. If f does not call the function, the RPC fails with
// the code Internal.
func Around(f func(ctx context.Context, rest func(context.Context))) Field {
	if f == nil {
		panic("ctxgrpc: Around of a nil function")
	}
	return Field{around: f}
}

var errNotCalled = status.Error(codes.Internal, "ctxgrpc: a function given to Around did not call the function it was given")

// enter calls rest within f, and returns what it returns.
func (f *Field) enter(ctx context.Context, rest func(context.Context) error) error {
	err := errNotCalled
	f.around(ctx, func(ctx context.Context) { err = rest(ctx) })
	return err
}
