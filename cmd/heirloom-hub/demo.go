package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
	"github.com/heirloom-go/heirloom/task/remote/remotenats/hubkey"
)

// tenant says for whom a goroutine works. No function has it as a parameter.
var tenant = ctxvar.New("tenant", ctxvar.Default("nobody"))

func init() { remote.Carry(ctxwire.String(tenant, "tenant")) }

// A bill is the result of a job.
type bill struct {
	Text     string
	Worker   string
	Delivery int
}

// billing is the function that runs in other processes. workerName is set there.
var (
	workerName string
	billing    = remote.New("billing", func(ctx context.Context, n int) (bill, error) {
		work := 100 * time.Millisecond
		if n == demoLost && remote.Delivery() == 1 { // its worker is killed before this is over, however late that is
			remote.Report([]byte(workerName))
			work = time.Hour
		}
		err := task.Sleep(ctx, work)
		return bill{describe(n), workerName, remote.Delivery()}, err
	})
)

// describe is called somewhere below billing, and reads the tenant with no parameter.
func describe(n int) string { return fmt.Sprintf("bill %d of %s", n, tenant.Get()) }

const (
	demoBills    = 24
	demoLost     = demoBills/2 + 1 // the bill whose worker is killed
	demoParallel = 8               // twice as many as a worker has places
	demoLease    = time.Second
)

var demoTenants = []string{"red", "green", "blue"}

// demo runs a Map on two processes, one of which is killed in the middle.
func demo(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "heirloom-hub-demo")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o := &options{listen: "127.0.0.1:0", store: filepath.Join(dir, "store"), token: filepath.Join(dir, "token")}
	if err := o.check(); err != nil {
		return err
	}
	h, err := o.start(out)
	if err != nil {
		return err
	}
	defer h.stop()
	fmt.Fprintln(out, "a hub is at", h.url())

	engine, closeEngine, err := connect(ctx, h.url(), o.token, remotenats.Lease(demoLease))
	if err != nil {
		return err
	}
	defer closeEngine()
	workers := map[string]*exec.Cmd{}
	for _, name := range []string{"worker-1", "worker-2"} {
		c, stop, err := startDemoWorker(ctx, h.url(), o.token, name)
		if err != nil {
			return err
		}
		defer stop()
		workers[name] = c
		fmt.Fprintf(out, "%s is process %d\n", name, c.Process.Pid)
	}

	defer remote.Through(engine).Reset()
	bills, err := mapBills(ctx, out, func(name string) error { return workers[name].Process.Kill() })
	if err != nil {
		return err
	}
	return checkBills(out, bills)
}

// mapBills lets the workers make the bills. It kills the worker that says that it has
// begun with the one to be lost.
func mapBills(ctx context.Context, out io.Writer, kill func(worker string) error) ([]bill, error) {
	var once sync.Once
	var killErr error
	defer remote.OnProgress(func(p remote.Progress) {
		once.Do(func() {
			killErr = kill(string(p.Data))
			fmt.Fprintf(out, "%s is killed while it works\n", p.Data)
		})
	}).Reset()
	numbers := make([]int, demoBills)
	for i := range numbers {
		numbers[i] = i + 1
	}
	bills, err := gather.Map(ctx, numbers, func(ctx context.Context, n int) (bill, error) {
		defer tenant.Set(demoTenants[n%len(demoTenants)]).Reset()
		return billing.Call(ctx, n)
	}, gather.Limit(demoParallel))
	return bills, errors.Join(err, killErr)
}

// checkBills prints the bills, and returns an error if one is wrong.
func checkBills(out io.Writer, bills []bill) error {
	again := 0
	for i, b := range bills {
		n := i + 1
		if want := fmt.Sprintf("bill %d of %s", n, demoTenants[n%len(demoTenants)]); b.Text != want {
			return fmt.Errorf("result %d is %q, and should be %q", n, b.Text, want)
		}
		note := ""
		if b.Delivery > 1 {
			again++
			note = ", which got it from the one that was killed"
		}
		fmt.Fprintf(out, "%-18s by %s%s\n", b.Text, b.Worker, note)
	}
	if len(bills) != demoBills || again == 0 {
		return fmt.Errorf("%d results, %d of them of jobs that were given to another worker", len(bills), again)
	}
	_, err := fmt.Fprintf(out, "all %d results are there; %d jobs lost their worker, and were given to the other\n", len(bills), again)
	return err
}

// connect opens the engine of a hub on this machine.
func connect(ctx context.Context, url, tokenFile string, opts ...remotenats.Option) (*remotenats.Engine, func(), error) {
	token, err := hubkey.ReadToken(tokenFile)
	if err != nil {
		return nil, nil, err
	}
	nc, err := nats.Connect(url, nats.Token(token), nats.MaxReconnects(-1))
	if err != nil {
		return nil, nil, err
	}
	engine, err := remotenats.New(ctx, nc, opts...)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return engine, func() {
		_ = engine.Close()
		nc.Close()
	}, nil
}

// demoWorkerArg is the first argument of a process that is a worker of the demo.
const demoWorkerArg = "demo-worker"

// startDemoWorker starts a worker in a process of its own, which ends at the end of its
// standard input. So it also ends when this process is killed.
func startDemoWorker(ctx context.Context, url, tokenFile, name string) (c *exec.Cmd, stop func(), err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	c = exec.CommandContext(ctx, exe, demoWorkerArg, url, tokenFile, name)
	c.Stderr = os.Stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := c.Start(); err != nil {
		return nil, nil, err
	}
	return c, func() {
		stdin.Close()
		_ = c.Wait() // returns an error for the worker that is killed
	}, nil
}

// demoWorker is the process of a worker.
func demoWorker(ctx context.Context, args []string, stdin io.Reader) error {
	if len(args) != 3 {
		return &usageError{errors.New(demoWorkerArg + " is for the demo alone")}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	workerName = args[2]
	engine, closeEngine, err := connect(ctx, args[0], args[1], remotenats.Worker(workerName))
	if err != nil {
		return err
	}
	defer closeEngine()
	return remote.Serve(ctx, engine, []remote.Callable{billing}, remote.Concurrency(demoParallel/2))
}
