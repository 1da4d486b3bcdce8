package ctxconnect

import (
	"context"
	"maps"
	"net/http"

	"connectrpc.com/connect"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// Interceptor returns an interceptor for clients and servers, for unary RPCs
// and streams. A client sends the variables of the fields with each RPC, and a
// server runs each handler with variables of its own and with those that were
// sent. Without fields, a server's handlers only get variables of their own.
//
// It panics if two fields that are sent, or two that are received, have the
// same key, or if Connect does not allow a field's key.
func Interceptor(fields ...ctxwire.Field) connect.Interceptor {
	return &interceptor{ctxwire.NewWire(protocol, fields...)}
}

type interceptor struct{ wire *ctxwire.Wire }

func (i *interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (resp connect.AnyResponse, err error) {
		call := func(ctx context.Context) error {
			resp, err = next(ctx, req)
			return err
		}
		if !req.Spec().IsClient {
			err = i.receive(ctx, req.Header(), call)
			return resp, err
		}
		called := false
		err = i.wire.Send(ctx, header(req.Header()), func(ctx context.Context) error {
			called = true
			return call(ctx)
		})
		if !called {
			return nil, internal(err)
		}
		return resp, err
	}
}

func (i *interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		return i.receive(ctx, conn.RequestHeader(), func(ctx context.Context) error { return next(ctx, conn) })
	}
}

// receive calls handle with the variables in in, after adding what is to be
// sent back to the headers of the response.
func (i *interceptor) receive(ctx context.Context, in http.Header, handle func(context.Context) error) error {
	var reply ctxwire.Outgoing
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok {
		reply = header(info.ResponseHeader())
	}
	err := i.wire.Receive(ctx, header(in), reply, handle)
	if err == ctxwire.ErrNotCalled {
		return internal(err)
	}
	return err
}

func (i *interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) (conn connect.StreamingClientConn) {
		out := header{}
		err := i.wire.Send(ctx, out, func(ctx context.Context) error {
			conn = next(ctx, spec)
			maps.Copy(conn.RequestHeader(), out)
			return nil
		})
		if err != nil {
			return &failedConn{spec, internal(err)}
		}
		return conn
	}
}

// internal returns the error of an RPC that could not be sent or handled.
func internal(err error) error { return connect.NewError(connect.CodeInternal, err) }

// failedConn is a stream that could not be opened.
type failedConn struct {
	spec connect.Spec
	err  error
}

func (c *failedConn) Spec() connect.Spec           { return c.spec }
func (c *failedConn) Peer() connect.Peer           { return connect.Peer{} }
func (c *failedConn) Send(any) error               { return c.err }
func (c *failedConn) RequestHeader() http.Header   { return http.Header{} }
func (c *failedConn) CloseRequest() error          { return c.err }
func (c *failedConn) Receive(any) error            { return c.err }
func (c *failedConn) ResponseHeader() http.Header  { return http.Header{} }
func (c *failedConn) ResponseTrailer() http.Header { return http.Header{} }
func (c *failedConn) CloseResponse() error         { return c.err }
