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
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
		setHeader := func(md metadata.MD) error { return grpc.SetHeader(ctx, md) }
		ctxvar.Copy().Run(func() {
			err = receive(ctx, fields, setHeader, func(ctx context.Context) error {
				resp, err = handler(ctx, req)
				return err
			})
		})
		return resp, err
	}
}

// StreamServerInterceptor is [UnaryServerInterceptor] for streams. A stream's
// handler has its variables for as long as the stream lasts.
func StreamServerInterceptor(fields ...Field) grpc.StreamServerInterceptor {
	fields = fieldsOf(fields)
	return func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
		ctxvar.Copy().Run(func() {
			err = receive(stream.Context(), fields, stream.SetHeader, func(ctx context.Context) error {
				return handler(srv, &serverStream{stream, ctx})
			})
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

// receive sets the variables of fields to what the metadata of ctx has, and
// calls handle with a ctx that carries them.
func receive(ctx context.Context, fields []Field, setHeader func(metadata.MD) error, handle func(context.Context) error) error {
	values := func(key string) []string { return metadata.ValueFromIncomingContext(ctx, key) }
	for i := range fields {
		if fields[i].around != nil {
			return fields[i].enter(ctx, func(ctx context.Context) error {
				return receive(ctx, fields[i+1:], setHeader, handle)
			})
		}
		if back := fields[i].receive(values); back != "" {
			if err := setHeader(metadata.Pairs(fields[i].key, back)); err != nil {
				return err
			}
		}
	}
	return handle(ctxvar.NewContext(ctx))
}
