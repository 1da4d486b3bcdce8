//go:build unix

package remotetemporal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/heirloom-go/heirloom/internal/killtest"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotetemporal"
)

// A role is the description of a process of TestKills. The test's program is a worker
// or a caller when it is started with roleVariable.
type role struct {
	Part               string // worker or caller
	Address, Namespace string
	Prefix             string
	Dir                string // shared by the processes
	Places             int    // for a worker
	Items              int    // for a caller
	// Holds names the part that does not learn that an outcome is stored before a file
	// "release" exists.
	Holds string
}

const (
	killLease      = 5 * time.Second
	killDeliveries = 5
)

// playing is the role of this process.
var playing role

func init() { playRole = play }

func play(text string) int {
	if err := json.Unmarshal([]byte(text), &playing); err != nil {
		return failed(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := client.NewLazyClient(client.Options{
		HostPort: playing.Address, Namespace: playing.Namespace, Logger: quiet{},
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(playing.hold)}},
	})
	if err != nil {
		return failed(err)
	}
	e := remotetemporal.New(c, remotetemporal.Prefix(playing.Prefix), remotetemporal.Heartbeat(200*time.Millisecond))
	if playing.Part == "worker" {
		err = remote.Serve(ctx, e, []remote.Callable{killed}, remote.Concurrency(playing.Places))
	} else {
		err = killtest.Call(ctx, playing.Items, killed.On(e), os.Stdout)
	}
	c.Close()
	if err != nil {
		return failed(err)
	}
	signal.Ignore(syscall.SIGTERM) // it may still come, and there is nothing left to end
	stop()
	if err := goleak.Find(); err != nil {
		return failed(err)
	}
	return 0
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// hold notes what is stored. From the part that is to be held, it holds back the
// answers that say so.
func (r *role) hold(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoke(ctx, method, req, reply, conn, opts...)
	if err != nil {
		return err
	}
	name := filepath.Base(method)
	said := map[string]string{"RespondActivityTaskCompleted": "worker", "PollActivityExecution": "caller"}[name]
	start, _ := req.(*workflowservice.StartActivityExecutionRequest)
	switch {
	case start.GetActivityType().GetName() == "killed":
		note("stored")
	case said == r.Part && r.Holds == r.Part:
		note("held")
		return waitForFile(ctx, "release")
	}
	return nil
}

// killed notes that it runs, and waits until a file "go" exists.
var killed = remote.New("killed", func(ctx context.Context, item int) (int, error) {
	note("runs", item)
	return item * item, waitForFile(ctx, "go")
}, remote.Deliveries(killDeliveries), remote.Lease(killLease))

// note appends a line to a file that the test reads.
func note(name string, what ...any) {
	f, err := os.OpenFile(filepath.Join(playing.Dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		fmt.Fprintln(f, what...)
		err = f.Close()
	}
	if err != nil {
		panic(err)
	}
}

func waitForFile(ctx context.Context, name string) error {
	return killtest.WaitForFile(ctx, filepath.Join(playing.Dir, name))
}
