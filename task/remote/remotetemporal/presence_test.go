package remotetemporal_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
)

// A network that drops this method makes a caller count as gone, because its presence
// never starts. The caller still learns what becomes of its jobs.
const presences = "StartActivityExecution"

// held is what a test shares with its jobs of attended, which say that they have begun,
// and wait.
type held struct {
	begun   chan struct{}
	goOn    chan struct{}
	ended   chan error
	running atomic.Int32
}

// attendedLease is longer than a busy machine holds up a worker, which would lose its job
// otherwise, or a caller, which would count as gone.
const attendedLease = 6 * time.Second

// attended finds its held by its argument, because the tests run at the same time.
var (
	helds    = map[string]*held{"frontend/gone": newHeld(), "server/gone": newHeld(), "frontend/there": newHeld(), "server/there": newHeld(), "frontend/queued": newHeld(), "server/queued": newHeld()}
	attended = remote.New("attended", func(ctx context.Context, key string) (string, error) {
		h := helds[key]
		h.running.Add(1)
		h.begun <- struct{}{}
		select {
		case <-h.goOn:
			return key, nil
		case <-ctx.Done():
			h.ended <- context.Cause(ctx)
			return "", context.Cause(ctx)
		}
	}, remote.Lease(attendedLease))
)

func newHeld() *held {
	return &held{begun: make(chan struct{}, 10), goOn: make(chan struct{}), ended: make(chan error, 10)}
}

// The job of a caller that is gone is cancelled.
func TestCallersThatAreGone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s server) {
		which := s.kind()
		h, n := helds[which+"/gone"], &network{}
		serve(t, s.open(t, nil), attended)
		caller := s.open(t, n)
		ctx := patient(t)
		call := task.Go(ctx, func(ctx context.Context) (string, error) { return attended.On(caller)(ctx, which+"/gone") })
		await(t, h.begun)
		n.down.Store(names(presences))
		require.ErrorIs(t, await(t, h.ended), remote.ErrCallerGone)
		_, err := call.Await(ctx)
		require.ErrorIs(t, err, remote.ErrCallerGone)
	})
}

// A job does not run if its caller is gone when a worker takes it.
func TestCallersThatAreGoneBefore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s server) {
		which := s.kind()
		h, n := helds[which+"/queued"], &network{}
		caller := s.open(t, n)
		ctx := patient(t)
		call := task.Go(ctx, func(ctx context.Context) (string, error) { return attended.On(caller)(ctx, which+"/queued") })
		require.Eventually(t, func() bool { return n.started.Load() > 0 }, time.Minute, 10*time.Millisecond, "it is stored")
		n.down.Store(names(presences))
		time.Sleep(attendedLease + time.Second) // a young job's caller needs no presence yet
		serve(t, s.open(t, nil), attended)
		_, err := call.Await(ctx)
		require.ErrorIs(t, err, remote.ErrCallerGone)
		assert.Zero(t, h.running.Load())
	})
}

// A caller that is there never counts as gone, however long its call takes.
func TestCallersThatAreThere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s server) {
		which := s.kind()
		h := helds[which+"/there"]
		serve(t, s.open(t, nil), attended)
		caller := s.open(t, nil)
		ctx := patient(t)
		call := task.Go(ctx, func(ctx context.Context) (string, error) { return attended.On(caller)(ctx, which+"/there") })
		await(t, h.begun)
		select {
		case err := <-h.ended:
			require.NoError(t, err)
		case <-time.After(2*attendedLease + 2*time.Second): // longer than the first activities of a presence last
		}
		h.goOn <- struct{}{}
		_, err := call.Await(ctx)
		require.NoError(t, err)
	})
}
