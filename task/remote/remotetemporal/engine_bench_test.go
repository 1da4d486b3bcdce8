package remotetemporal_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotetemporal"
)

// BenchmarkCalls compares a call of an empty function with the SDK's own standalone
// activity, on the server in HEIRLOOM_TEMPORAL, one at a time and 100 at once.
func BenchmarkCalls(b *testing.B) {
	address, namespace, ok := strings.Cut(os.Getenv("HEIRLOOM_TEMPORAL"), " ")
	if !ok {
		b.Skip("HEIRLOOM_TEMPORAL has no server")
	}
	dial := func() client.Client {
		c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Logger: quiet{}})
		require.NoError(b, err)
		b.Cleanup(c.Close)
		return c
	}
	ctx := b.Context()

	w := worker.New(dial(), "raw", worker.Options{DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: 20, MaxConcurrentActivityTaskPollers: 4})
	w.RegisterActivityWithOptions(func(_ context.Context, n int) (int, error) { return n, nil }, activity.RegisterOptions{Name: "raw"})
	require.NoError(b, w.Start())
	b.Cleanup(w.Stop)
	c := dial()
	raw := func() error {
		handle, err := c.ExecuteActivity(ctx, client.StartActivityOptions{ID: rand.Text(), TaskQueue: "raw", StartToCloseTimeout: time.Minute}, "raw", 1)
		if err != nil {
			return err
		}
		var n int
		return handle.Get(ctx, &n)
	}

	serving, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- remote.Serve(serving, remotetemporal.New(dial()), []remote.Callable{square}, remote.Concurrency(20))
	}()
	b.Cleanup(func() { stop(); <-ended })
	call := square.On(remotetemporal.New(dial()))
	ours := func() error {
		_, err := call(ctx, 1)
		return err
	}

	for _, side := range []struct {
		name string
		call func() error
	}{{"raw", raw}, {"remote", ours}} {
		b.Run(side.name+"/one", func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, side.call())
			}
		})
		b.Run(side.name+"/hundred", func(b *testing.B) {
			var callers sync.WaitGroup
			places := make(chan struct{}, 100)
			for b.Loop() {
				places <- struct{}{}
				callers.Go(func() {
					defer func() { <-places }()
					if err := side.call(); err != nil {
						b.Error(err)
					}
				})
			}
			callers.Wait()
		})
	}
}
