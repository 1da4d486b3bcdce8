package ctxgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// UnaryServerInterceptor returns an interceptor that runs each handler with
// variables of its own, and with those of the fields that the client has sent.
// The handler's ctx carries them. Without fields, handlers only get variables
// of their own.
//
// A handler begins with the variables of the serving goroutine. Also give the
// server the [StatsHandler], which preserves them where grpc-go labels its
// goroutines, or use [ServerOptions], which includes all three.
//
// It panics if two fields that are received have the same key, or if metadata
// does not allow a field's key.
func UnaryServerInterceptor(fields ...ctxwire.Field) grpc.UnaryServerInterceptor {
	wire := ctxwire.NewWire(protocol, fields...)
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
		setHeader := func(md metadata.MD) error { return grpc.SetHeader(ctx, md) }
		err = receive(ctx, wire, setHeader, func(ctx context.Context) error {
			resp, err = handler(ctx, req)
			return err
		})
		return resp, err
	}
}

// StreamServerInterceptor is [UnaryServerInterceptor] for streams. A stream's
// handler has its variables for as long as the stream lasts.
func StreamServerInterceptor(fields ...ctxwire.Field) grpc.StreamServerInterceptor {
	wire := ctxwire.NewWire(protocol, fields...)
	return func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return receive(stream.Context(), wire, stream.SetHeader, func(ctx context.Context) error {
			return handler(srv, &serverStream{stream, ctx})
		})
	}
}

// serverStream is a stream whose ctx carries its variables.
type serverStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *serverStream) Context() context.Context { return s.ctx }

// receive calls handle with the variables of wire set from the metadata of ctx,
// after adding what is to be sent back to the header.
func receive(ctx context.Context, wire *ctxwire.Wire, setHeader func(metadata.MD) error, handle func(context.Context) error) error {
	var back reply
	err := wire.Receive(ctx, incoming{ctx}, &back, func(ctx context.Context) error {
		if back.md != nil {
			if err := setHeader(back.md); err != nil {
				return err
			}
		}
		return handle(ctx)
	})
	if err == ctxwire.ErrNotCalled {
		return &internal{err}
	}
	return err
}

// incoming is the metadata that a client sent.
type incoming struct{ ctx context.Context }

// Values returns the values of a key, which is lower-case.
func (in incoming) Values(key string) []string {
	return metadata.ValueFromIncomingContext(in.ctx, key)
}

// A reply is the metadata that is sent back.
type reply struct{ md metadata.MD }

func (r *reply) Set(key, text string) {
	if r.md == nil {
		r.md = metadata.MD{}
	}
	r.md[key] = []string{text}
}
