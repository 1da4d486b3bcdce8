package ctxgrpc_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/pprof"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxgrpc"
)

// The handler reads what the client sent, if it is well-formed.
func TestServerReadsMetadata(t *testing.T) {
	const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, tt := range []struct {
		reason     string
		md         metadata.MD
		wantTenant string
		wantID     string // "" for a new one
	}{
		{"nothing", nil, "public", ""},
		{"what is well-formed", metadata.Pairs("x-request-id", "r1", "x-tenant", "acme"), "acme", "r1"},
		{"keys have no case", metadata.MD{"X-Tenant": {"acme"}}, "acme", ""},
		{"an empty value is one", metadata.Pairs("x-tenant", ""), "", ""},
		{"but not for an ID", metadata.Pairs("x-request-id", ""), "public", ""},
		{"as long as it may be", metadata.Pairs("x-tenant", long), long, ""},
		{"one byte too long", metadata.Pairs("x-tenant", long+"x"), "public", ""},
		{"one where two are", metadata.Pairs("x-tenant", "acme", "x-tenant", "umbrella"), "public", ""},
		{"what is not chosen", metadata.Pairs("locale", "de", "request_id", "r1", "tenant", "acme"), "public", ""},
		{"all characters that an ID may have", metadata.Pairs("x-request-id", "azAZ09-._~+/=:@"), "public", "azAZ09-._~+/=:@"},
		{"an ID that is no good in a log", metadata.Pairs("x-request-id", "<evil>"), "public", ""},
		{"an ID with a space", metadata.Pairs("x-request-id", "r1 admin=1"), "public", ""},
		{"an ID as long as it may be", metadata.Pairs("x-request-id", long[:128]), "public", long[:128]},
		{"an ID that is too long", metadata.Pairs("x-request-id", long[:129]), "public", ""},
		{"two IDs", metadata.Pairs("x-request-id", "r1", "x-request-id", "r2"), "public", ""},
		{"a trace ID", metadata.Pairs("traceparent", traceparent), "public", "4bf92f3577b34da6a3ce929d0e0e4736"},
		{"the ID rather than the trace ID", metadata.Pairs("traceparent", traceparent, "x-request-id", "r1"), "public", "r1"},
		{"the trace ID rather than a bad ID", metadata.Pairs("traceparent", traceparent, "x-request-id", "<>"), "public", "4bf92f3577b34da6a3ce929d0e0e4736"},
		{"two traceparents", metadata.Pairs("traceparent", traceparent, "traceparent", traceparent), "public", ""},
		{"a later version may have more", metadata.Pairs("traceparent", "01"+traceparent[2:]+"-more"), "public", "4bf92f3577b34da6a3ce929d0e0e4736"},
		{"but only behind a dash", metadata.Pairs("traceparent", "01"+traceparent[2:]+"more"), "public", ""},
		{"and this version may not", metadata.Pairs("traceparent", traceparent+"-more"), "public", ""},
		{"no version", metadata.Pairs("traceparent", "ff"+traceparent[2:]), "public", ""},
		{"upper case", metadata.Pairs("traceparent", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"), "public", ""},
		{"no trace", metadata.Pairs("traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"), "public", ""},
		{"no parent", metadata.Pairs("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"), "public", ""},
		{"short", metadata.Pairs("traceparent", traceparent[:54]), "public", ""},
		{"without dashes", metadata.Pairs("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736.00f067aa0ba902b7-01"), "public", ""},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var gotTenant, gotID string
			intercept := ctxgrpc.UnaryServerInterceptor(fields...)
			stream := &transportStream{}
			ctx := grpc.NewContextWithServerTransportStream(metadata.NewIncomingContext(t.Context(), tt.md), stream)
			resp, err := intercept(ctx, "request", nil, func(ctx context.Context, req any) (any, error) {
				gotTenant, gotID = tenant.Get(), requestID.Get()
				return req, nil
			})
			require.NoError(t, err)
			assert.Equal(t, "request", resp)
			assert.Equal(t, tt.wantTenant, gotTenant)
			if tt.wantID == "" {
				assert.Len(t, gotID, 26, "a new ID")
			} else {
				assert.Equal(t, tt.wantID, gotID)
			}
			assert.Equal(t, metadata.Pairs("x-request-id", gotID), stream.header, "what is sent back")
			assert.Empty(t, requestID.Get(), "outside of the handler")
		})
	}
}

// A transportStream has the header that a handler sets.
type transportStream struct {
	grpc.ServerTransportStream
	header metadata.MD
	err    error
}

func (s *transportStream) SetHeader(md metadata.MD) error {
	s.header = metadata.Join(s.header, md)
	return s.err
}

// If the header of a stream can no longer be set, the stream fails.
func TestServerCannotSetHeader(t *testing.T) {
	broken := status.Error(codes.Internal, "stream is broken")
	ctx := grpc.NewContextWithServerTransportStream(t.Context(), &transportStream{err: broken})
	_, err := ctxgrpc.UnaryServerInterceptor(fields...)(ctx, nil, nil, func(context.Context, any) (any, error) {
		assert.Fail(t, "handler called")
		return nil, nil
	})
	assert.ErrorIs(t, err, broken)
}

// With many RPCs at once, in the few goroutines that the server has for them, each has
// its own variables, and so have the goroutines that it starts.
func TestEachRPCHasItsOwn(t *testing.T) {
	for _, workers := range []uint32{0, 2} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			svc := &service{unary: func(ctx context.Context) (string, error) {
				if old := locale.Get(); old != "" {
					return "", fmt.Errorf("found %q of another RPC", old)
				}
				locale.Set(requestID.Get()) // without a reset
				inherited := make(chan string)
				go func() { inherited <- whoami() }()
				return <-inherited, nil
			}}
			client := dial(t, serve(t, svc, fields, grpc.NumStreamWorkers(workers)), fields)
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					requestID.Set(fmt.Sprint("r", i))
					tenant.Set(fmt.Sprint("t", i))
					for range 10 {
						got, err := call(t.Context(), client)
						assert.NoError(t, err)
						assert.Equal(t, fmt.Sprintf("r%d t%d r%d", i, i, i), got)
					}
				})
			}
			all.Wait()
		})
	}
}

// A handler reads the variables of the goroutine that serves, beneath those that the
// client sends, and can't change them.
func TestServerInherits(t *testing.T) {
	svc := &service{unary: func(ctx context.Context) (string, error) {
		defer func() { tenant.Set("changed"); locale.Set("changed") }()
		return tenant.Get() + " " + locale.Get(), nil
	}}
	tenant.Set("single")
	locale.Set("de")
	for name, opts := range map[string][]grpc.ServerOption{
		"ServerOptions": ctxgrpc.ServerOptions(fields...),
		"by themselves": {
			grpc.UnaryInterceptor(ctxgrpc.UnaryServerInterceptor(fields...)),
			grpc.StatsHandler(ctxgrpc.StatsHandler()),
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := dial(t, start(t, svc, append(opts, grpc.NumStreamWorkers(1))...), nil)
			for range 3 {
				got, err := call(t.Context(), client)
				require.NoError(t, err)
				assert.Equal(t, "single de", got)
				ctx := metadata.AppendToOutgoingContext(t.Context(), "x-tenant", "acme")
				got, err = call(ctx, client)
				require.NoError(t, err)
				assert.Equal(t, "acme de", got)
			}
		})
	}
}

// The ctx of a handler carries its variables to where they are not inherited,
// and through pprof.Do.
func TestServerContext(t *testing.T) {
	check := func(ctx context.Context) string {
		c, ok := ctxvar.FromContext(ctx)
		if !ok {
			return "ctx carries nothing"
		}
		fromCtx, labelled := "", ""
		c.Run(func() { fromCtx = whoami() })
		pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) { labelled = whoami() })
		return fromCtx + "/" + labelled + "/" + whoami()
	}
	svc := &service{
		unary: func(ctx context.Context) (string, error) { return check(ctx), nil },
		duplex: func(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
			return stream.Send(say(check(stream.Context())))
		},
	}
	client := dial(t, serve(t, svc, fields), fields)
	defer requestID.Set("r1").Reset()

	got, err := call(t.Context(), client)
	require.NoError(t, err)
	assert.Equal(t, "r1 public /r1 public /r1 public ", got)

	stream, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	m, err := stream.Recv()
	require.NoError(t, err)
	assert.Equal(t, "r1 public /r1 public /r1 public ", said(m))
	_, err = stream.Recv()
	assert.ErrorIs(t, err, io.EOF)
}

// A stream keeps its variables from message to message, including those that the
// handler sets, while the client's change.
func TestStreams(t *testing.T) {
	svc := &service{
		duplex: func(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
			for n := 1; ; n++ {
				if _, err := stream.Recv(); err == io.EOF {
					return nil
				} else if err != nil {
					return err
				}
				locale.Set(fmt.Sprint(locale.Get(), n))
				// Another goroutine sends, as in handlers that read and write at the same time.
				sent := make(chan error)
				go func() { sent <- stream.Send(say(whoami())) }()
				if err := <-sent; err != nil {
					return err
				}
			}
		},
		upload: func(stream grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
			n := int32(0)
			for {
				if _, err := stream.Recv(); err == io.EOF {
					if whoami() != "r2 acme " {
						return status.Error(codes.InvalidArgument, whoami())
					}
					return stream.SendAndClose(&pb.StreamingInputCallResponse{AggregatedPayloadSize: n})
				} else if err != nil {
					return err
				}
				n++
			}
		},
	}
	client := dial(t, serve(t, svc, fields), fields)
	requestID.Set("r1")
	tenant.Set("acme")

	stream, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	requestID.Set("r2")
	for _, want := range []string{"r1 acme 1", "r1 acme 12", "r1 acme 123"} {
		require.NoError(t, stream.Send(&pb.StreamingOutputCallRequest{}))
		m, err := stream.Recv()
		require.NoError(t, err)
		assert.Equal(t, want, said(m))
	}
	header, err := stream.Header()
	require.NoError(t, err)
	assert.Equal(t, []string{"r1"}, header["x-request-id"])
	require.NoError(t, stream.CloseSend())
	_, err = stream.Recv()
	assert.ErrorIs(t, err, io.EOF)

	up, err := client.StreamingInputCall(t.Context())
	require.NoError(t, err)
	for range 5 {
		require.NoError(t, up.Send(&pb.StreamingInputCallRequest{}))
	}
	sum, err := up.CloseAndRecv()
	require.NoError(t, err)
	assert.EqualValues(t, 5, sum.GetAggregatedPayloadSize())
}

// Without fields, a server's interceptor gives each RPC variables of its own,
// and nothing of the client's.
func TestServerWithoutFields(t *testing.T) {
	svc := &service{unary: func(ctx context.Context) (string, error) {
		found := whoami()
		locale.Set("left over")
		return found, nil
	}}
	client := dial(t, serve(t, svc, nil, grpc.NumStreamWorkers(1)), fields)
	defer requestID.Set("r1").Reset()
	for range 2 {
		got, err := call(t.Context(), client)
		require.NoError(t, err)
		assert.Equal(t, " public ", got)
	}
}

// grpc-go labels its goroutines before it calls any interceptor, if the environment
// says so when a program starts. So the test runs the tests above once more, in a
// process of its own.
func TestWithGoroutineLabels(t *testing.T) {
	const variable = "GRPC_GO_SERVER_GOROUTINE_LABELS"
	if os.Getenv(variable) != "" {
		t.Skip("this is that process")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^(TestServer|TestEach|TestStreams|TestPanics|TestAround)", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), variable+"=all")
	out, err := cmd.CombinedOutput()
	assert.NoErrorf(t, err, "%s", out)
	assert.Contains(t, string(out), "PASS")
	assert.NotContains(t, string(out), "no tests to run")
}
