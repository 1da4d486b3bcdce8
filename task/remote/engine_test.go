package remote_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/remote"
)

// doing is an engine of callers alone.
type doing func(context.Context, *remote.Job) (*remote.Outcome, error)

func (d doing) Do(ctx context.Context, job *remote.Job) (*remote.Outcome, error) { return d(ctx, job) }
func (d doing) Serve(context.Context, []string, int, remote.Handler) error       { return nil }

// An engine that gives up because ctx has ended returns the cause. Any other error is
// the engine's own, at whatever time it comes.
func TestWhyAnEngineGaveUp(t *testing.T) {
	closing := errors.New("closing time")
	for _, test := range []struct {
		reason   string
		end      bool
		err      error
		canceled bool
	}{
		{"the cause", true, closing, true},
		{"another error, when ctx has ended", true, io.EOF, false},
		{"an error, while ctx lasts", false, io.EOF, false},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		call := incremented.On(doing(func(context.Context, *remote.Job) (*remote.Outcome, error) {
			if test.end {
				cancel(closing)
			}
			return nil, test.err
		}))
		_, err := call(ctx, 1)
		require.ErrorIs(t, err, test.err, test.reason)
		assert.Equal(t, test.canceled, errors.Is(err, context.Canceled), test.reason)
		cancel(nil)
	}
}

var reporter = remote.New("reporter", func(_ context.Context, wait time.Duration) (int, error) {
	remote.Report([]byte("early"))
	time.Sleep(wait) // whatever happens to ctx
	remote.Report([]byte("late"))
	return 1, nil
}, remote.Grace(time.Second))

func TestReportThatNobodyWants(t *testing.T) {
	got, err := reporter.Call(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, 1, got)
}

func TestReportAfterTheCallerHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := remote.NewLocal()
		serving, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- remote.Serve(serving, engine, []remote.Callable{reporter}) }()
		var reports atomic.Int32
		defer remote.OnProgress(func(remote.Progress) { reports.Add(1) }).Reset()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, err := reporter.On(engine)(ctx, time.Hour)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Minute+time.Second, time.Since(start))
		stop()
		require.NoError(t, <-served)
		assert.Equal(t, time.Hour, time.Since(start), "the job has ended")
		assert.EqualValues(t, 1, reports.Load(), "only what came in time")
	})
}

var (
	plain = remote.New("plain", increment)
	fussy = remote.New("fussy", increment,
		remote.Deliveries(1), remote.Lease(time.Minute), remote.Backlog(2), remote.Grace(time.Hour))
)

func TestWhatAnEngineIsGiven(t *testing.T) {
	for _, test := range []struct {
		f    *remote.Func[int, int]
		want remote.Job
	}{
		{plain, remote.Job{Func: "plain", Deliveries: 3, Lease: 30 * time.Second, Backlog: 1000, Grace: 10 * time.Second}},
		{fussy, remote.Job{Func: "fussy", Deliveries: 1, Lease: time.Minute, Backlog: 2, Grace: time.Hour}},
	} {
		_, err := test.f.On(doing(func(_ context.Context, got *remote.Job) (*remote.Outcome, error) {
			assert.Equal(t, []byte("7"), got.Arg)
			assert.Zero(t, got.Deadline)
			got.ID, got.Arg, got.Vars = "", nil, nil
			assert.Equal(t, &test.want, got)
			return &remote.Outcome{Result: []byte("8")}, nil
		}))(t.Context(), 7)
		require.NoError(t, err)
	}
}

var answering = remote.New("answering", func(ctx context.Context, own bool) (int, error) {
	<-ctx.Done()
	if own {
		return 0, errors.New("its own")
	}
	return 0, ctx.Err()
})

// A job that ends because its ctx ended has the same cause, and a job that fails then
// has its own error.
func TestHowAJobAnswersTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, own := range []bool{false, true} {
			closing := errors.New("closing time")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(closing) })
			_, err := answering.Call(ctx, own)
			assert.Equal(t, !own, errors.Is(err, closing))
			assert.Equal(t, !own, errors.Is(err, context.Canceled))
			if own {
				assert.ErrorContains(t, err, "its own")
			}
		}
	})
}
