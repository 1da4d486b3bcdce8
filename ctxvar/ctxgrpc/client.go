package ctxgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// UnaryClientInterceptor returns an interceptor that sends the variables of the
// fields with each call, as the calling goroutine has them. A call fails with a
// [*FieldError] if a value can't be sent.
//
// It panics if two fields have the same key.
func UnaryClientInterceptor(fields ...Field) grpc.UnaryClientInterceptor {
	fields = fieldsOf(fields)
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return send(ctx, fields, func(ctx context.Context) error {
			return invoke(ctx, method, req, reply, conn, opts...)
		})
	}
}

// StreamClientInterceptor is [UnaryClientInterceptor] for streams. What is sent
// are the values that the goroutine that opens the stream has then.
func StreamClientInterceptor(fields ...Field) grpc.StreamClientInterceptor {
	fields = fieldsOf(fields)
	return func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (stream grpc.ClientStream, err error) {
		err = send(ctx, fields, func(ctx context.Context) error {
			stream, err = open(ctx, desc, conn, method, opts...)
			return err
		})
		return stream, err
	}
}

// send calls call with a ctx whose outgoing metadata has the variables of fields.
func send(ctx context.Context, fields []Field, call func(context.Context) error) error {
	c := ctxvar.Copy()
	pairs := make([]string, 0, 2*len(fields))
	for i := range fields {
		if fields[i].around != nil {
			return fields[i].enter(withPairs(ctx, pairs), func(ctx context.Context) error {
				return send(ctx, fields[i+1:], call)
			})
		}
		switch text, ok, err := fields[i].send(ctx, c); {
		case err != nil:
			return err
		case ok:
			pairs = append(pairs, fields[i].key, text)
		}
	}
	return call(withPairs(ctx, pairs))
}

// withPairs returns a ctx whose outgoing metadata has those pairs of key and
// value, in place of others with the same key.
func withPairs(ctx context.Context, pairs []string) context.Context {
	if len(pairs) == 0 {
		return ctx
	}
	// md is ours: a copy.
	if md, ok := metadata.FromOutgoingContext(ctx); ok && hasAny(md, pairs) {
		for i := 0; i < len(pairs); i += 2 {
			md.Set(pairs[i], pairs[i+1])
		}
		return metadata.NewOutgoingContext(ctx, md)
	}
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}

// hasAny reports whether md has one of the keys of pairs.
func hasAny(md metadata.MD, pairs []string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if len(md[pairs[i]]) > 0 {
			return true
		}
	}
	return false
}
