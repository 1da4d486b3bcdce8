package ctxgrpc_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxgrpc"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	requestID = ctxvar.New[string]("request_id")
	tenant    = ctxvar.New("tenant", ctxvar.Default("public"))
	locale    = ctxvar.New[string]("locale") // is not sent
)

var fields = []ctxwire.Field{
	ctxwire.RequestID(requestID),
	ctxwire.String(tenant, "X-Tenant"),
}

// whoami reads variables as a library would, with no parameter.
func whoami() string { return requestID.Get() + " " + tenant.Get() + " " + locale.Get() }

// A service does in each kind of RPC what the test says.
type service struct {
	pb.UnimplementedTestServiceServer
	unary  func(context.Context) (string, error)
	upload func(grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error
	duplex func(grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error
}

func (s *service) UnaryCall(ctx context.Context, _ *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	text, err := s.unary(ctx)
	return &pb.SimpleResponse{Username: text}, err
}

func (s *service) StreamingInputCall(stream grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
	return s.upload(stream)
}

func (s *service) FullDuplexCall(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
	return s.duplex(stream)
}

// say and said are what duplex streams carry.
func say(text string) *pb.StreamingOutputCallResponse {
	return &pb.StreamingOutputCallResponse{Payload: &pb.Payload{Body: []byte(text)}}
}

func said(m *pb.StreamingOutputCallResponse) string { return string(m.GetPayload().GetBody()) }

// serve starts a server on a loopback port, with interceptors of fields after
// those of opts, to be stopped at the end of the test. It returns its address.
func serve(t testing.TB, s *service, fields []ctxwire.Field, opts ...grpc.ServerOption) string {
	t.Helper()
	return start(t, s, append(opts, ctxgrpc.ServerOptions(fields...)...)...)
}

func start(t testing.TB, s *service, opts ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(opts...)
	pb.RegisterTestServiceServer(server, s)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-ended
	})
	return listener.Addr().String()
}

// dial returns a client of the server at addr, with interceptors of fields.
func dial(t testing.TB, addr string, fields []ctxwire.Field) pb.TestServiceClient {
	t.Helper()
	return connect(t, addr, ctxgrpc.DialOptions(fields...)...)
}

func connect(t testing.TB, addr string, opts ...grpc.DialOption) pb.TestServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(addr, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return pb.NewTestServiceClient(conn)
}

// call makes a unary call.
func call(ctx context.Context, client pb.TestServiceClient, opts ...grpc.CallOption) (string, error) {
	resp, err := client.UnaryCall(ctx, &pb.SimpleRequest{}, opts...)
	return resp.GetUsername(), err
}

var long = strings.Repeat("x", ctxwire.DefaultMaxLen)
