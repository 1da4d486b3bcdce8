package ctxgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// ServerOptions returns the options of a server whose handlers have variables
// of their own, and those of the fields. They are both interceptors and the
// [StatsHandler].
//
// grpc.NewServer calls interceptors in the order of its options. To put other
// interceptors between the two or around them, use [UnaryServerInterceptor],
// [StreamServerInterceptor] and [StatsHandler] separately. ServerOptions panics
// as the interceptors do.
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

// StatsHandler returns a handler that preserves what the handlers of a server
// inherit from the serving goroutine even if grpc-go labels its goroutines,
// which it does if the environment variable GRPC_GO_SERVER_GOROUTINE_LABELS is
// set to do so. In the default mode (see [ctxvar.Mode]), these labels otherwise
// replace the variables before any interceptor is called, and handlers begin
// only with what the client has sent. The handler may be given to a server
// together with others, and reports nothing.
func StatsHandler() stats.Handler { return connTagger{} }

// A connTagger makes the ctx of each connection, and so of each of its RPCs,
// carry the variables that the connection's goroutine has inherited from the
// serving goroutine. grpc-go labels an RPC's goroutine from that ctx, and so
// preserves the variables.
type connTagger struct{}

var _ stats.Handler = connTagger{}

func (connTagger) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctxvar.NewContext(ctx)
}

func (connTagger) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (connTagger) HandleRPC(context.Context, stats.RPCStats)                       {}
func (connTagger) HandleConn(context.Context, stats.ConnStats)                     {}
