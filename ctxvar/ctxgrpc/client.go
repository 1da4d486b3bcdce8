package ctxgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// UnaryClientInterceptor returns an interceptor that sends the variables of the
// fields with each call, with the values that apply to its ctx (see
// [ctxvar.Effective]). If a value cannot be sent, the call fails with a [*ctxwire.FieldError].
//
// It panics if two fields that are sent have the same key, or if metadata does
// not allow a field's key.
func UnaryClientInterceptor(fields ...ctxwire.Field) grpc.UnaryClientInterceptor {
	wire := ctxwire.NewWire(protocol, fields...)
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return send(ctx, wire, func(ctx context.Context) error {
			return invoke(ctx, method, req, reply, conn, opts...)
		})
	}
}

// StreamClientInterceptor is [UnaryClientInterceptor] for streams. The values
// are those that apply when the stream is opened.
func StreamClientInterceptor(fields ...ctxwire.Field) grpc.StreamClientInterceptor {
	wire := ctxwire.NewWire(protocol, fields...)
	return func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (stream grpc.ClientStream, err error) {
		err = send(ctx, wire, func(ctx context.Context) error {
			stream, err = open(ctx, desc, conn, method, opts...)
			return err
		})
		return stream, err
	}
}

// send calls call with a ctx whose outgoing metadata has the variables of wire.
func send(ctx context.Context, wire *ctxwire.Wire, call func(context.Context) error) error {
	called := false
	var out pairs
	err := wire.Send(ctx, &out, func(ctx context.Context) error {
		called = true
		return call(out.in(ctx))
	})
	if !called {
		return &internal{err}
	}
	return err
}

// pairs holds keys and values, alternating.
type pairs []string

// Set adds a pair, whose key must be new.
func (p *pairs) Set(key, text string) { *p = append(*p, key, text) }

// in returns a ctx whose outgoing metadata has the pairs, in place of others
// with the same keys.
func (p pairs) in(ctx context.Context) context.Context {
	if len(p) == 0 {
		return ctx
	}
	// md is ours: a copy.
	if md, ok := metadata.FromOutgoingContext(ctx); ok && p.overlap(md) {
		for i := 0; i < len(p); i += 2 {
			md.Set(p[i], p[i+1])
		}
		return metadata.NewOutgoingContext(ctx, md)
	}
	return metadata.AppendToOutgoingContext(ctx, p...)
}

// overlap reports whether md has one of the keys.
func (p pairs) overlap(md metadata.MD) bool {
	for i := 0; i < len(p); i += 2 {
		if len(md[p[i]]) > 0 {
			return true
		}
	}
	return false
}
