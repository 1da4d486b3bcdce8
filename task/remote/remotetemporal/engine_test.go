package remotetemporal_test

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotetemporal"
	"github.com/heirloom-go/heirloom/task/remote/remotetest"
)

// TestKills starts the test's program with this variable to make it a part of an
// installation. playRole is nil on systems where processes can't be killed in this way.
const roleVariable = "HEIRLOOM_TEST_ROLE"

var playRole func(role string) (exitCode int)

func TestMain(m *testing.M) {
	if text := os.Getenv(roleVariable); text != "" {
		os.Exit(playRole(text))
	}
	goleak.VerifyTestMain(m)
}

func TestEngine(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		remotetest.Run(t, func(t *testing.T) (caller, worker remote.Engine) {
			return s.open(t, nil), s.open(t, nil)
		})
	})
}

// A server is the address of a frontend, or of a real server.
type server struct{ address, namespace string }

// kind is "frontend" or "server".
func (s server) kind() string {
	if s.namespace == "default" {
		return "frontend"
	}
	return "server"
}

// onEach runs a test on a frontend and also on a real server, if .ci/engines/temporal
// has started one.
func onEach(t *testing.T, test func(*testing.T, server)) {
	t.Run("frontend", func(t *testing.T) { test(t, server{start(t), "default"}) })
	t.Run("server", func(t *testing.T) {
		address, namespace, ok := strings.Cut(os.Getenv("HEIRLOOM_TEMPORAL"), " ")
		if !ok {
			t.Skip("HEIRLOOM_TEMPORAL has no server: `bash .ci/run temporal` has one")
		}
		test(t, server{address, namespace})
	})
}

// open returns an engine of the test's own, with a connection of its own.
func (s server) open(t *testing.T, n *network, opts ...remotetemporal.Option) *remotetemporal.Engine {
	return remotetemporal.New(s.dial(t, n), append([]remotetemporal.Option{
		remotetemporal.Prefix(t.Name() + "-"), remotetemporal.Heartbeat(50 * time.Millisecond),
	}, opts...)...)
}

func (s server) dial(t *testing.T, n *network) client.Client {
	o := client.Options{HostPort: s.address, Namespace: s.namespace, Logger: quiet{}}
	if n != nil {
		o.ConnectionOptions.DialOptions = []grpc.DialOption{grpc.WithChainUnaryInterceptor(n.call)}
	}
	c, err := client.NewLazyClient(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// A network is between a client and its server. Calls of the methods in down don't
// arrive, and the answers to the methods in deaf don't.
type network struct {
	down, deaf atomic.Pointer[string]
	started    atomic.Int32 // activities
}

func names(methods string) *string { return &methods }

func (n *network) call(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	name := method[strings.LastIndex(method, "/")+1:]
	broken := func(p *atomic.Pointer[string]) bool {
		methods := p.Load()
		return methods != nil && strings.Contains(*methods, name)
	}
	lost := status.Error(codes.Unavailable, "the network is down")
	if broken(&n.down) {
		return lost
	}
	err := invoke(ctx, method, req, reply, conn, opts...)
	if err == nil && name == "StartActivityExecution" {
		n.started.Add(1)
	}
	if broken(&n.deaf) {
		return lost
	}
	return err
}

// quiet is a logger that logs nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
