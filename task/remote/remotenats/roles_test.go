package remotenats_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/internal/killtest"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
)

// A test starts the test binary with this variable to make it one of the parts of
// an installation that are killed: a server, a worker or a caller.
const roleVariable = "HEIRLOOM_TEST_ROLE"

// A role is the description of such a process.
type role struct {
	Part string // server, worker, caller
	Dir  string // shared by the test's processes
	Name string
	URL  string // of the servers

	// For a server.
	Port, Cluster int
	Routes        []string

	// For a worker.
	Places  int
	HoldAck bool // no acknowledgement before a file "release" exists

	// For a caller and for the namespace.
	Items    int
	Age      time.Duration
	Replicas int
}

const (
	killLease      = 3 * time.Second
	killDeliveries = 5
)

// playRole is the main function of such a process.
func playRole(text string) int {
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return failed(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	playing = r
	err := map[string]func(context.Context) error{"server": r.server, "worker": r.worker, "caller": r.caller}[r.Part](ctx)
	if err != nil {
		return failed(err)
	}
	signal.Ignore(syscall.SIGTERM) // it may still come, and there is nothing left to end
	stop()
	if r.Part != "server" {
		if err := goleak.Find(); err != nil {
			return failed(err)
		}
	}
	return 0
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func (r *role) server(ctx context.Context) error {
	o := &server.Options{
		ServerName: r.Name, Host: "127.0.0.1", Port: r.Port, JetStream: true, StoreDir: filepath.Join(r.Dir, r.Name), NoSigs: true, NoLog: true,
	}
	if r.Cluster != 0 {
		o.Cluster = server.ClusterOpts{Name: "kills", Host: "127.0.0.1", Port: r.Cluster}
		for _, route := range r.Routes {
			u, err := url.Parse(route)
			if err != nil {
				return err
			}
			o.Routes = append(o.Routes, u)
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	<-ctx.Done()
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

// open connects as a user would whose program must survive the faults.
func (r *role) open(ctx context.Context, dialer nats.CustomDialer) (*remotenats.Engine, func(), error) {
	opts := []nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond), nats.RetryOnFailedConnect(true), nats.Name(r.Name)}
	if dialer != nil {
		opts = append(opts, nats.SetCustomDialer(dialer))
	}
	nc, err := nats.Connect(r.URL, opts...)
	if err != nil {
		return nil, nil, err
	}
	// A cluster that has just started has no leader yet that makes streams.
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		e, err := remotenats.New(attempt, nc, remotenats.Lease(killLease), remotenats.OutcomeAge(r.Age),
			remotenats.Replicas(max(r.Replicas, 1)), remotenats.Worker(r.Name))
		cancel()
		if err == nil {
			return e, func() {
				_ = e.Close()
				nc.Close()
			}, nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			nc.Close()
			return nil, nil, err
		}
	}
}

func (r *role) worker(ctx context.Context) error {
	var dialer nats.CustomDialer
	if r.HoldAck {
		dialer = &holdingDialer{dir: r.Dir}
	}
	e, end, err := r.open(ctx, dialer)
	if err != nil {
		return err
	}
	defer end()
	return remote.Serve(ctx, e, []remote.Callable{killed}, remote.Concurrency(r.Places))
}

func (r *role) caller(ctx context.Context) error {
	e, end, err := r.open(ctx, nil)
	if err != nil {
		return err
	}
	defer end()
	return killtest.Call(ctx, r.Items, killed.On(e), os.Stdout)
}

// playing is the role of this process.
var playing role

// killed notes that it runs, and waits until a file "go" exists.
var killed = remote.New("killed", func(ctx context.Context, item int) (int, error) {
	f, err := os.OpenFile(filepath.Join(playing.Dir, "runs"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintf(f, "%d %d\n", item, remote.Delivery()); err != nil {
		return 0, err
	}
	if err := f.Close(); err != nil {
		return 0, err
	}
	return item * item, killtest.WaitForFile(ctx, filepath.Join(playing.Dir, "go"))
}, remote.Deliveries(killDeliveries))

// A holdingDialer makes a connection that holds back the first acknowledgement of a
// job and everything behind it, so that the job's outcome is stored but the job is
// not acknowledged. Later connections hold nothing back.
type holdingDialer struct {
	dir  string
	once sync.Once
}

func (d *holdingDialer) Dial(network, address string) (net.Conn, error) {
	c, err := net.DialTimeout(network, address, 5*time.Second)
	return &holdingConn{Conn: c, dialer: d}, err
}

type holdingConn struct {
	net.Conn
	dialer *holdingDialer
}

func (c *holdingConn) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("+ACK\r\n")) {
		c.dialer.once.Do(func() {
			if os.WriteFile(filepath.Join(c.dialer.dir, "held"), nil, 0o600) == nil {
				_ = killtest.WaitForFile(context.Background(), filepath.Join(c.dialer.dir, "release"))
			}
		})
	}
	return c.Conn.Write(p)
}
