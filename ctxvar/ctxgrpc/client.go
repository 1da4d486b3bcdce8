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
		ctx, err := send(ctx, fields)
		if err != nil {
			return err
		}
		return invoke(ctx, method, req, reply, conn, opts...)
	}
}

// StreamClientInterceptor is [UnaryClientInterceptor] for streams. What is sent
// are the values that the goroutine that opens the stream has then.
func StreamClientInterceptor(fields ...Field) grpc.StreamClientInterceptor {
	fields = fieldsOf(fields)
	return func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		ctx, err := send(ctx, fields)
		if err != nil {
			return nil, err
		}
		return open(ctx, desc, conn, method, opts...)
	}
}

// send returns a ctx whose outgoing metadata has the variables of fields.
func send(ctx context.Context, fields []Field) (context.Context, error) {
	c := ctxvar.Copy()
	pairs := make([]string, 0, 2*len(fields))
	for i := range fields {
		switch text, ok, err := fields[i].send(ctx, c); {
		case err != nil:
			return nil, err
		case ok:
			pairs = append(pairs, fields[i].key, text)
		}
	}
	if len(pairs) == 0 {
		return ctx, nil
	}
	// md is ours: a copy.
	if md, ok := metadata.FromOutgoingContext(ctx); ok && hasAny(md, pairs) {
		for i := 0; i < len(pairs); i += 2 {
			md.Set(pairs[i], pairs[i+1])
		}
		return metadata.NewOutgoingContext(ctx, md), nil
	}
	return metadata.AppendToOutgoingContext(ctx, pairs...), nil
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
