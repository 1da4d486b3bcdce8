package ctxgrpc_test

import (
	"context"
	"crypto/rand"
	"testing"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/heirloom-go/heirloom/ctxvar/ctxgrpc"
)

// The same by hand: two values that travel with a context.Context.

type (
	idKey     struct{}
	tenantKey struct{}
)

func serverByHand(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	id := rand.Text
	if got := metadata.ValueFromIncomingContext(ctx, "x-request-id"); len(got) == 1 {
		id = func() string { return got[0] }
	}
	given := id()
	ctx = context.WithValue(ctx, idKey{}, given)
	if err := grpc.SetHeader(ctx, metadata.Pairs("x-request-id", given)); err != nil {
		return nil, err
	}
	if got := metadata.ValueFromIncomingContext(ctx, "x-tenant"); len(got) == 1 {
		ctx = context.WithValue(ctx, tenantKey{}, got[0])
	}
	return handler(ctx, req)
}

func clientByHand(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	id, _ := ctx.Value(idKey{}).(string)
	tenant, _ := ctx.Value(tenantKey{}).(string)
	ctx = metadata.AppendToOutgoingContext(ctx, "x-request-id", id, "x-tenant", tenant)
	return invoke(ctx, method, req, reply, conn, opts...)
}

type discard struct{ grpc.ServerTransportStream }

func (discard) SetHeader(metadata.MD) error { return nil }

// BenchmarkServer measures what the interceptor adds to an RPC, without the RPC.
func BenchmarkServer(b *testing.B) {
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs(
		"x-request-id", "b7f2c0e1d4", "x-tenant", "acme", "user-agent", "bench", ":authority", "localhost"))
	ctx = grpc.NewContextWithServerTransportStream(ctx, discard{})
	run := func(b *testing.B, intercept grpc.UnaryServerInterceptor, handler grpc.UnaryHandler) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := intercept(ctx, nil, nil, handler); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("by hand", func(b *testing.B) {
		run(b, serverByHand, func(ctx context.Context, _ any) (any, error) {
			_, _ = ctx.Value(idKey{}).(string)
			_, _ = ctx.Value(tenantKey{}).(string)
			return nil, nil
		})
	})
	b.Run("ctxgrpc", func(b *testing.B) {
		run(b, ctxgrpc.UnaryServerInterceptor(fields...), func(context.Context, any) (any, error) {
			requestID.Get()
			tenant.Get()
			return nil, nil
		})
	})
}

// BenchmarkClient measures what the interceptor adds to a call, without the call.
func BenchmarkClient(b *testing.B) {
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	run := func(b *testing.B, ctx context.Context, intercept grpc.UnaryClientInterceptor) {
		b.ReportAllocs()
		for b.Loop() {
			if err := intercept(ctx, "/s/m", nil, nil, nil, invoke); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("by hand", func(b *testing.B) {
		ctx := context.WithValue(context.Background(), idKey{}, "b7f2c0e1d4")
		run(b, context.WithValue(ctx, tenantKey{}, "acme"), clientByHand)
	})
	b.Run("ctxgrpc", func(b *testing.B) {
		defer requestID.Set("b7f2c0e1d4").Reset()
		defer tenant.Set("acme").Reset()
		run(b, context.Background(), ctxgrpc.UnaryClientInterceptor(fields...))
	})
}

// BenchmarkRPC measures a whole unary RPC over loopback TCP, with interceptors on both
// sides.
func BenchmarkRPC(b *testing.B) {
	svc := &service{unary: func(context.Context) (string, error) { return "", nil }}
	run := func(b *testing.B, ctx context.Context, client pb.TestServiceClient) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := call(ctx, client); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("none", func(b *testing.B) {
		run(b, context.Background(), connect(b, start(b, svc)))
	})
	b.Run("by hand", func(b *testing.B) {
		client := connect(b, start(b, svc, grpc.UnaryInterceptor(serverByHand)), grpc.WithUnaryInterceptor(clientByHand))
		ctx := context.WithValue(context.Background(), idKey{}, "b7f2c0e1d4")
		run(b, context.WithValue(ctx, tenantKey{}, "acme"), client)
	})
	b.Run("ctxgrpc", func(b *testing.B) {
		client := dial(b, serve(b, svc, fields), fields)
		defer requestID.Set("b7f2c0e1d4").Reset()
		defer tenant.Set("acme").Reset()
		run(b, context.Background(), client)
	})
}
