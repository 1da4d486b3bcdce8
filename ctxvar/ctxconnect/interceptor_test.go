package ctxconnect_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxconnect"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/internal/wiretest"
)

// with is the option of both sides.
func with(fields ...ctxwire.Field) connect.Option {
	return connect.WithInterceptors(ctxconnect.Interceptor(fields...))
}

func whoami(context.Context) (string, error) { return wiretest.Whoami(), nil }

func TestEachProtocolAndKind(t *testing.T) {
	server := (&service{answer: func(ctx context.Context) (string, error) {
		inherited, carried := make(chan string), ""
		go func() { inherited <- wiretest.Whoami() }()
		ctxvar.RunFrom(ctx, func() { carried = wiretest.Whoami() })
		return <-inherited + "/" + carried, nil
	}}).serve(t, with(wiretest.Fields()...))
	for name, protocol := range map[string][]connect.ClientOption{
		"Connect": nil, "gRPC": {connect.WithGRPC()}, "gRPC-Web": {connect.WithGRPCWeb()},
	} {
		t.Run(name, func(t *testing.T) {
			client := dial(server, append(protocol, with(wiretest.Fields()...))...)
			wiretest.RequestID.Set("r1")
			wiretest.Tenant.Set("acme")
			wiretest.Locale.Set("de")
			answer, header := client.callAll(t, t.Context())
			assert.Equal(t, "r1 acme  nobody/r1 acme  nobody", answer)
			assert.Equal(t, []string{"r1"}, header["X-Request-Id"])

			var elsewhere context.Context
			ctxvar.Work(func() {
				wiretest.RequestID.Set("r2")
				wiretest.Tenant.Set("bravo")
				elsewhere = ctxvar.NewContext(t.Context())
			})
			ctxvar.Work(func() {
				answer, _ = client.callAll(t, elsewhere)
				assert.Equal(t, "r2 bravo  nobody/r2 bravo  nobody", answer, "an explicit ctx outranks")
			})
		})
	}
}

// A handler reads the variables of the goroutine that serves, beneath those that were
// sent, but no identity. What it sets is gone after its RPC.
func TestEachRPCHasItsOwn(t *testing.T) {
	var client clients
	ctxvar.Work(func() {
		wiretest.Tenant.Set("single")
		wiretest.Caller.Set("admin")
		client = dial((&service{answer: func(context.Context) (string, error) {
			found := wiretest.Whoami()
			wiretest.Locale.Set(wiretest.Tenant.Get())
			wiretest.Caller.Set(wiretest.Tenant.Get())
			return found, nil
		}}).serve(t, with(wiretest.Fields()...)), with(wiretest.Fields()...))
	})
	call := func() string {
		resp, err := client.unary.CallUnary(t.Context(), connect.NewRequest(say("")))
		assert.NoError(t, err)
		return resp.Msg.GetValue()
	}
	_, rest, _ := strings.Cut(call(), " ")
	assert.Equal(t, "single  nobody", rest)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			wiretest.RequestID.Set(fmt.Sprint("r", i))
			wiretest.Tenant.Set(fmt.Sprint("t", i))
			for range 5 {
				assert.Equal(t, fmt.Sprintf("r%d t%d  nobody", i, i), call())
			}
		})
	}
	all.Wait()
}

func TestClientRefuses(t *testing.T) {
	client := dial((&service{answer: whoami}).serve(t), with(wiretest.Fields()...))
	for value, want := range map[string]error{
		"two\nlines": ctxwire.ErrMalformed, "Zoë": ctxwire.ErrMalformed, "\x7f": ctxwire.ErrMalformed, " acme": ctxwire.ErrMalformed,
		strings.Repeat("x", ctxwire.DefaultMaxLen+1): ctxwire.ErrTooLong,
	} {
		wiretest.Tenant.With(value, func() {
			_, unary := client.unary.CallUnary(t.Context(), connect.NewRequest(say("")))
			up := client.upload.CallClientStream(t.Context())
			sent := up.Send(say(""))
			_, closed := up.CloseAndReceive()
			duplex := client.duplex.CallBidiStream(t.Context())
			_, received := duplex.Receive()
			for _, err := range []error{unary, sent, closed, received, duplex.CloseRequest(), duplex.CloseResponse()} {
				var e *ctxwire.FieldError
				require.ErrorAs(t, err, &e)
				assert.ErrorIs(t, err, want)
				assert.Equal(t, connect.CodeInternal, connect.CodeOf(err))
			}
			assert.Equal(t, "/s/Duplex", duplex.Spec().Procedure)
			assert.Empty(t, duplex.Peer().Addr)
			assert.Empty(t, duplex.RequestHeader())
			assert.Empty(t, duplex.ResponseHeader())
			assert.Empty(t, duplex.ResponseTrailer())
		})
	}
}

func TestServerRefuses(t *testing.T) {
	client := dial((&service{answer: whoami}).serve(t, with(wiretest.Fields()...)))
	for _, tt := range []struct {
		header http.Header
		want   string // "" for a new ID and no tenant
	}{
		{http.Header{}, ""},
		{http.Header{"X-Tenant": {"acme"}, "X-Request-Id": {"r1"}}, "r1 acme  nobody"},
		{http.Header{"X-Tenant": {strings.Repeat("x", 1000)}}, ""},
		{http.Header{"X-Tenant": {"Zoë"}}, ""},
		{http.Header{"X-Tenant": {"a", "b"}}, ""},
		{http.Header{"X-Request-Id": {"<script>"}}, ""},
		{http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}, "4bf92f3577b34da6a3ce929d0e0e4736 public  nobody"},
	} {
		req := connect.NewRequest(say(""))
		for key, values := range tt.header {
			req.Header()[key] = values
		}
		resp, err := client.unary.CallUnary(t.Context(), req)
		require.NoError(t, err)
		found := resp.Msg.GetValue()
		id, rest, _ := strings.Cut(found, " ")
		assert.Equal(t, []string{id}, resp.Header()["X-Request-Id"])
		if tt.want != "" {
			assert.Equal(t, tt.want, found)
			continue
		}
		assert.Len(t, id, 26, "%v", tt.header)
		assert.Equal(t, "public  nobody", rest, "%v", tt.header)
	}
}

// A key that ends with -Bin may have any bytes, and garbage under it counts as nothing.
func TestBinary(t *testing.T) {
	field := ctxwire.String(wiretest.Tenant, "Tenant-Bin")
	server := (&service{answer: func(context.Context) (string, error) { return fmt.Sprintf("%q", wiretest.Tenant.Get()), nil }}).serve(t, with(field))
	defer wiretest.Tenant.Set("\x00\xff Zoë\n").Reset()
	for _, protocol := range [][]connect.ClientOption{nil, {connect.WithGRPC()}} {
		answer, _ := dial(server, append(protocol, with(field))...).callAll(t, t.Context())
		assert.Equal(t, `"\x00\xff Zoë\n"`, answer)
	}
	req := connect.NewRequest(say(""))
	req.Header().Set("Tenant-Bin", "!")
	resp, err := dial(server).unary.CallUnary(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, `"public"`, resp.Msg.GetValue())
}

// An error passes through unchanged, with the ID of its request, and so does a panic.
func TestErrors(t *testing.T) {
	var outside string
	fail := func() error { return connect.NewError(connect.CodeNotFound, errors.New("none")) }
	recovers := connect.WithRecover(func(_ context.Context, _ connect.Spec, _ http.Header, v any) error {
		outside = wiretest.Whoami()
		return connect.NewError(connect.CodeAborted, fmt.Errorf("%v", v))
	})
	server := (&service{answer: func(context.Context) (string, error) {
		wiretest.Locale.Set("left over")
		return "", fail()
	}}).serve(t, recovers, with(wiretest.Fields()...))
	client := dial(server, with(wiretest.Fields()...))
	defer wiretest.RequestID.Set("r1").Reset()
	call := func() *connect.Error {
		_, err := client.unary.CallUnary(t.Context(), connect.NewRequest(say("")))
		var e *connect.Error
		require.ErrorAs(t, err, &e)
		return e
	}
	err := call()
	assert.Equal(t, "not_found: none", err.Error())
	assert.Equal(t, []string{"r1"}, err.Meta()["X-Request-Id"])

	fail = func() error { panic("boom " + wiretest.RequestID.Get()) }
	err = call()
	assert.Equal(t, "aborted: boom r1", err.Error())
	assert.Equal(t, " public  nobody", outside)
}

func TestAround(t *testing.T) {
	set := func(ctx context.Context, rest func(context.Context)) {
		wiretest.Locale.With("around", func() { rest(ctx) })
	}
	send := func(ctx context.Context, rest func(context.Context)) {
		wiretest.Tenant.With("within", func() { rest(ctx) })
	}
	both := with(append([]ctxwire.Field{ctxwire.Around(set, send)}, wiretest.Fields()...)...)
	defer wiretest.RequestID.Set("r1").Reset()
	answer, _ := dial((&service{answer: whoami}).serve(t, both), both).callAll(t, t.Context())
	assert.Equal(t, "r1 within around nobody", answer)

	lose := func(context.Context, func(context.Context)) {}
	lost := with(ctxwire.Around(lose, lose))
	for side, client := range map[string]clients{
		"server": dial((&service{answer: whoami}).serve(t, lost)),
		"client": dial((&service{answer: whoami}).serve(t), lost),
	} {
		_, unary := client.unary.CallUnary(t.Context(), connect.NewRequest(say("")))
		_, streamed := client.upload.CallClientStream(t.Context()).CloseAndReceive()
		for _, err := range []error{unary, streamed} {
			assert.Equal(t, connect.CodeInternal, connect.CodeOf(err), side)
			assert.ErrorContains(t, err, "Around", side)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, key := range []string{"host", "te", "Connect-Timeout-Ms", "grpc-status", "Content-Type", "accept-encoding", "Trailer-X"} {
		assert.Panics(t, func() { ctxconnect.Interceptor(ctxwire.String(wiretest.Tenant, key)) }, key)
	}
}
