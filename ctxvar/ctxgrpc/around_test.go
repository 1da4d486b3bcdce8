package ctxgrpc_test

import (
	"context"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// around sets the locale around the rest, and adds to the outgoing metadata.
func around(value string, seen *[]string) ctxwire.Field {
	f := func(ctx context.Context, rest func(context.Context)) {
		*seen = append(*seen, value+" finds "+whoami())
		locale.With(value, func() { rest(metadata.AppendToOutgoingContext(ctx, "around", value)) })
	}
	return ctxwire.Around(f, f)
}

// Values set around are visible inside, and a field sees the effects of those before
// it.
func TestAround(t *testing.T) {
	var inServer, inClient []string
	serverFields := slices.Concat(fields[:1], []ctxwire.Field{around("a", &inServer), around("b", &inServer)}, fields[1:])
	clientFields := slices.Concat(fields[:1], []ctxwire.Field{around("c", &inClient)}, fields[1:])
	check := func(ctx context.Context) string {
		c, ok := ctxvar.FromContext(ctx)
		if !ok {
			return "ctx carries nothing"
		}
		carried, _ := locale.In(c)
		md, _ := metadata.FromIncomingContext(ctx)
		return whoami() + " " + carried + " " + md["around"][0]
	}
	svc := &service{
		unary: func(ctx context.Context) (string, error) { return check(ctx), nil },
		duplex: func(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
			return stream.Send(say(check(stream.Context())))
		},
	}
	client := dial(t, serve(t, svc, serverFields), clientFields)
	requestID.Set("r1")
	tenant.Set("acme")

	got, err := call(t.Context(), client)
	require.NoError(t, err)
	assert.Equal(t, "r1 acme b b c", got)

	stream, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	m, err := stream.Recv()
	require.NoError(t, err)
	assert.Equal(t, "r1 acme b b c", said(m))
	_, err = stream.Recv()
	require.ErrorIs(t, err, io.EOF)

	assert.Equal(t, []string{"c finds r1 acme ", "c finds r1 acme "}, inClient)
	assert.Equal(t, []string{"a finds r1 public ", "b finds r1 public a", "a finds r1 public ", "b finds r1 public a"}, inServer)
	assert.Equal(t, "r1 acme ", whoami())
}

// An error within Around becomes the RPC's, and so does an error of a later field.
func TestErrorsWithinAround(t *testing.T) {
	failing := &service{unary: func(context.Context) (string, error) { return "", status.Error(codes.NotFound, "none") }}
	var seen []string
	both := append([]ctxwire.Field{around("a", &seen)}, fields...)
	client := dial(t, serve(t, failing, both), both)
	_, err := call(t.Context(), client)
	assert.Equal(t, status.Error(codes.NotFound, "none"), err)

	tenant.Set("two\nlines")
	_, err = call(t.Context(), client)
	assert.ErrorIs(t, err, ctxwire.ErrMalformed)
}

// An RPC that Around does not pass on fails, on either side.
func TestAroundMustCall(t *testing.T) {
	lose := func(context.Context, func(context.Context)) {}
	lost := ctxwire.Around(lose, lose)
	svc := &service{unary: func(context.Context) (string, error) { return "called", nil }}
	for side, client := range map[string]pb.TestServiceClient{
		"server": dial(t, serve(t, svc, []ctxwire.Field{lost}), nil),
		"client": dial(t, serve(t, svc, nil), []ctxwire.Field{lost}),
	} {
		_, err := call(t.Context(), client)
		assert.Equal(t, codes.Internal, status.Code(err), side)
		assert.ErrorContains(t, err, "Around", side)
	}
}
