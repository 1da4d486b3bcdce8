package remotenats_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/task/remote/remotenats"
)

var slow = os.Getenv("HEIRLOOM_SLOW") != ""

func TestMain(m *testing.M) {
	if text := os.Getenv(roleVariable); text != "" {
		os.Exit(playRole(text))
	}
	goleak.VerifyTestMain(m,
		// A server that was shut down leaves these goroutines for the life of the
		// process.
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.init.0.func1"),
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"),
	)
}

// serve starts a server on a free port of loopback, with JetStream in a folder of
// the test's.
func serve(t testing.TB, set ...func(*server.Options)) *server.Server {
	o := &server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true}
	for _, f := range set {
		f(o)
	}
	s, err := server.NewServer(o)
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(time.Minute))
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s
}

func dial(t testing.TB, s *server.Server, opts ...nats.Option) *nats.Conn {
	nc, err := nats.Connect(s.ClientURL(), append([]nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(50 * time.Millisecond)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// open returns an engine in a namespace of the test's own.
func open(t testing.TB, nc *nats.Conn, opts ...remotenats.Option) *remotenats.Engine {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, t.Name())
	e, err := remotenats.New(t.Context(), nc, append([]remotenats.Option{remotenats.Namespace(name[max(0, len(name)-60):])}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}
