package ctxgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// UnaryServerInterceptor returns an interceptor that runs each handler with
// variables of its own, and with those of the fields that the client has sent.
// The handler's ctx carries a snapshot. Without fields, it does the former only.
//
// It panics if two fields have the same key.
func UnaryServerInterceptor(fields ...Field) grpc.UnaryServerInterceptor {
	fields = fieldsOf(fields)
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return ctxvar.Call(ctxvar.Copy(), func() (any, error) {
			setHeader := func(md metadata.MD) error { return grpc.SetHeader(ctx, md) }
			if err := receive(ctx, fields, setHeader); err != nil {
				return nil, err
			}
			return handler(ctxvar.NewContext(ctx), req)
		})
	}
}

// StreamServerInterceptor is [UnaryServerInterceptor] for streams. A stream's
// handler has its variables for as long as the stream lasts.
func StreamServerInterceptor(fields ...Field) grpc.StreamServerInterceptor {
	fields = fieldsOf(fields)
	return func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
		ctxvar.Copy().Run(func() {
			ctx := stream.Context()
			if err = receive(ctx, fields, stream.SetHeader); err == nil {
				err = handler(srv, &serverStream{stream, ctxvar.NewContext(ctx)})
			}
		})
		return err
	}
}

// serverStream is a stream whose ctx carries a snapshot.
type serverStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *serverStream) Context() context.Context { return s.ctx }

// receive sets the variables of fields to what the metadata of ctx has.
func receive(ctx context.Context, fields []Field, setHeader func(metadata.MD) error) error {
	values := func(key string) []string { return metadata.ValueFromIncomingContext(ctx, key) }
	for i := range fields {
		if back := fields[i].receive(values); back != "" {
			if err := setHeader(metadata.Pairs(fields[i].key, back)); err != nil {
				return err
			}
		}
	}
	return nil
}
