package remotenats_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
	"github.com/heirloom-go/heirloom/task/remote/remotetest"
)

func TestEngine(t *testing.T) {
	s := serve(t)
	remotetest.Run(t, func(t *testing.T) (caller, worker remote.Engine) {
		// Each end has a connection of its own, as in a process of its own.
		return open(t, dial(t, s), remotenats.InMemory()), open(t, dial(t, s), remotenats.InMemory())
	})
}

// The server's default is to keep 512 requests and to refuse more.
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

// A consumer keeps the limit on requests that it was made with, and a worker that
// would set another accepts it. All other settings become what they should be.
func TestAConsumerThatIsThere(t *testing.T) {
	s := serve(t)
	nc := dial(t, s)
	e := open(t, nc, remotenats.Namespace("there"))
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	consumer, err := js.CreateConsumer(t.Context(), "there-jobs", jetstream.ConsumerConfig{
		Durable: "echo", FilterSubject: "there.job.echo.>", AckPolicy: jetstream.AckExplicitPolicy, MaxWaiting: 7, AckWait: time.Minute, MaxDeliver: 5,
	})
	require.NoError(t, err)
	worker(t, s, []remote.Callable{echo}, remotenats.Namespace("there"))
	got, err := echo.On(e)(within(t, time.Minute), "x")
	require.NoError(t, err)
	require.Equal(t, "x", got)
	info, err := consumer.Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, 7, info.Config.MaxWaiting)
	require.Equal(t, 30*time.Second, info.Config.AckWait)
	require.Equal(t, -1, info.Config.MaxDeliver)
}

// A message that is published again after seconds is stored once, however short
// OutcomeAge is.
func TestJobsAreStoredOnceWithAShortOutcomeAge(t *testing.T) {
	nc := dial(t, serve(t))
	open(t, nc, remotenats.Namespace("once"), remotenats.OutcomeAge(time.Second))
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	for name, want := range map[string]time.Duration{"once-jobs": 2 * time.Minute, "once-outcomes": time.Second} {
		stream, err := js.Stream(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, stream.CachedInfo().Config.Duplicates, name)
	}
}
