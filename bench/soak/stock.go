package main

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/heirloom-go/heirloom/ctxvar/ctxgrpc"
)

// leftMethod is the method of what protoc would generate for
//
//	service Stock { rpc Left(google.protobuf.StringValue) returns (google.protobuf.StringValue); }
const leftMethod = "/soak.Stock/Left"

// A stock is the gRPC service behind the service. Its argument says for whom it is
// called.
type stock struct {
	service *service
	server  *grpc.Server
	conn    *grpc.ClientConn
	serving sync.WaitGroup
}

func openStock(s *service) (*stock, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	st := &stock{service: s, server: grpc.NewServer(ctxgrpc.ServerOptions(fields...)...)}
	st.server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "soak.Stock",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Left",
			Handler: func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
				in := new(wrapperspb.StringValue)
				if err := decode(in); err != nil {
					return nil, err
				}
				return intercept(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: leftMethod},
					func(ctx context.Context, in any) (any, error) { return st.left(ctx, in.(*wrapperspb.StringValue)) })
			},
		}},
	}, st)
	st.serving.Go(func() { _ = st.server.Serve(listener) }) // returns an error when it is stopped
	st.conn, err = grpc.NewClient(listener.Addr().String(),
		append(ctxgrpc.DialOptions(fields...), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	return st, err
}

func (st *stock) left(ctx context.Context, in *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	want := in.GetValue()
	st.service.checks.same("gRPC: request", want, request.Get())
	if got, ok := user.Lookup(); ok {
		st.service.checks.fail("gRPC: user", "it did not travel, and is "+got)
	}
	note.Set(want) // without a reset; no other call may read it
	st.service.log.InfoContext(ctx, "counted", "want", want)
	return wrapperspb.String(request.Get()), nil
}

// ask calls the stock for want.
func (st *stock) ask(ctx context.Context, want string) error {
	out := new(wrapperspb.StringValue)
	if err := st.conn.Invoke(ctx, leftMethod, wrapperspb.String(want), out); err != nil {
		return err
	}
	st.service.checks.same("gRPC: answer", want, out.GetValue())
	return nil
}

func (st *stock) close() error {
	err := st.conn.Close()
	st.server.GracefulStop()
	st.serving.Wait()
	return err
}
