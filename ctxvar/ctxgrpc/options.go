package ctxgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// ServerOptions returns the options of a server whose handlers have variables of their
// own, and those of the fields: both interceptors and the [StatsHandler].
//
// grpc.NewServer calls interceptors in the order of its options. To have others between
// these two kinds, or around, give it [UnaryServerInterceptor], [StreamServerInterceptor]
// and [StatsHandler] by themselves. ServerOptions panics as the interceptors do.
func ServerOptions(fields ...ctxwire.Field) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.StatsHandler(StatsHandler()),
		grpc.ChainUnaryInterceptor(UnaryServerInterceptor(fields...)),
		grpc.ChainStreamInterceptor(StreamServerInterceptor(fields...)),
	}
}

// DialOptions returns the options of a client that sends the variables of the fields
// with each RPC: both interceptors. It panics as [UnaryClientInterceptor] does.
func DialOptions(fields ...ctxwire.Field) []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(UnaryClientInterceptor(fields...)),
		grpc.WithChainStreamInterceptor(StreamClientInterceptor(fields...)),
	}
}

// StatsHandler returns a handler that keeps what the handlers of a server inherit from
// the goroutine that serves, also where grpc-go labels its goroutines: if the
// environment's GRPC_GO_SERVER_GOROUTINE_LABELS says so. In the default mode, see
// [ctxvar.Mode], these labels otherwise take the place of the variables before any
// interceptor is called, and handlers begin with what the client has sent alone. It may
// be given to a server beside others, and reports nothing.
func StatsHandler() stats.Handler { return connTagger{} }

// connTagger has the ctx of each connection, and so of each of its RPCs, carry the
// variables that its goroutine has inherited from the one that serves. grpc-go gives an
// RPC's goroutine labels from that ctx, and so keeps them.
type connTagger struct{}

var _ stats.Handler = connTagger{}

func (connTagger) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctxvar.NewContext(ctx)
}

func (connTagger) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (connTagger) HandleRPC(context.Context, stats.RPCStats)                       {}
func (connTagger) HandleConn(context.Context, stats.ConnStats)                     {}
