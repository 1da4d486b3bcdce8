package remotenats_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
	"github.com/heirloom-go/heirloom/task/remote/remotetest"
)

func TestEngine(t *testing.T) {
	s := serve(t)
	remotetest.Run(t, func(t *testing.T) (caller, worker remote.Engine) {
		// Each end has a connection of its own, as it would in a process of its own.
		return open(t, dial(t, s), remotenats.InMemory()), open(t, dial(t, s), remotenats.InMemory())
	})
}

// The server keeps 512 requests unless told otherwise, and refuses more.
func TestManyIdleWorkers(t *testing.T) {
	const workers = 600
	e := open(t, dial(t, serve(t)), remotenats.InMemory())
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	defer serving.Wait()
	defer stop()
	for range workers {
		serving.Go(func() {
			_ = e.Serve(ctx, []string{"idle"}, 1, func(context.Context, *remote.Attempt) *remote.Outcome { return nil })
		})
	}
	require.Eventually(t, func() bool {
		n, err := e.WaitingForTest(ctx, "idle")
		return err == nil && n >= workers
	}, time.Minute, 50*time.Millisecond)
}
