package remotetemporal_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotetemporal"
)

// serve starts a worker on e, which ends with the test.
func serve(t *testing.T, e remote.Engine, fns ...remote.Callable) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- remote.Serve(ctx, e, fns, remote.Concurrency(4)) }()
	t.Cleanup(func() { cancel(); assert.NoError(t, <-ended) })
}

// patient returns a ctx that ends only if an expected event never happens.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func await[T any](t *testing.T, c <-chan T) (value T) {
	select {
	case value = <-c:
	case <-time.After(time.Minute):
		require.Fail(t, "it never happened")
	}
	return value
}

// causes receives the causes that ended the jobs of lonely.
var causes = make(chan error, 100)

var lonely = remote.New("lonely", func(ctx context.Context, last int) (int, error) {
	if remote.Delivery() == last {
		return last, nil
	}
	<-ctx.Done()
	causes <- context.Cause(ctx)
	return -1, nil
}, remote.Lease(3*time.Second), remote.Deliveries(2))

// A worker whose signs of life don't arrive counts as lost, and cancels its job.
func TestLostWorkers(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		caller, n := s.open(t, nil), &network{}
		n.down.Store(names("RecordActivityTaskHeartbeat"))
		serve(t, s.open(t, n), lonely)
		got, err := lonely.On(caller)(patient(t), 2)
		require.NoError(t, err)
		assert.Equal(t, 2, got, "the second worker's, whatever the first one returned")
		require.ErrorIs(t, await(t, causes), remote.ErrLeaseLost)

		_, err = lonely.On(caller)(patient(t), 3)
		require.ErrorIs(t, err, remote.ErrLost, "there is no third one")
		for range 2 {
			require.ErrorIs(t, await(t, causes), remote.ErrLeaseLost)
		}
	})
}

var runs atomic.Int64

var once = remote.New("once", func(context.Context, int) (int64, error) { return runs.Add(1), nil }, remote.Grace(200*time.Millisecond))

// A job that was stored is not run again if its caller does not learn that it was
// stored.
func TestAnswersThatAreLost(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		n := &network{}
		n.deaf.Store(names("StartActivityExecution"))
		caller := s.open(t, n)
		serve(t, s.open(t, nil), once)
		runs.Store(0)
		calls := task.Go(patient(t), func(ctx context.Context) (int64, error) { return once.On(caller)(ctx, 0) })
		for runs.Load() == 0 && calls.State() != task.Failed {
			time.Sleep(time.Millisecond)
		}
		n.deaf.Store(nil)
		got, err := calls.Await(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, 1, got)
		assert.EqualValues(t, 1, runs.Load())
	})
}

// If the server can't be reached, a call waits for as long as its ctx lasts.
func TestServerOutOfReach(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		n := &network{}
		n.down.Store(names("StartActivityExecution"))
		caller := s.open(t, n)
		serve(t, s.open(t, nil), once)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := once.On(caller)(ctx, 0)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		time.AfterFunc(100*time.Millisecond, func() { n.down.Store(names("PollActivityExecution")) })
		time.AfterFunc(200*time.Millisecond, func() { n.down.Store(nil) })
		_, err = once.On(caller)(patient(t), 0)
		require.NoError(t, err)
	})
}

var big = remote.New("big", func(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil })

var echo = remote.New("echo", func(_ context.Context, s string) (int, error) { return len(s), nil })

func TestSizes(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		caller := s.open(t, nil)
		serve(t, s.open(t, nil), big, echo)
		_, err := echo.On(caller)(patient(t), strings.Repeat("x", 2<<20))
		require.ErrorIs(t, err, remote.ErrTooLarge)
		got, err := echo.On(caller)(patient(t), strings.Repeat("x", 1<<20))
		require.NoError(t, err)
		assert.Equal(t, 1<<20, got)

		text, err := big.On(caller)(patient(t), 1<<20)
		require.NoError(t, err)
		assert.Len(t, text, 1<<20)
		_, err = big.On(caller)(patient(t), 2<<20)
		require.ErrorIs(t, err, remote.ErrTooLarge)
	})
}

var talk = remote.New("talk", func(_ context.Context, n int) (int, error) {
	for range n {
		remote.Report(make([]byte, 1<<10))
	}
	return n, nil
})

// If there are too many reports, some of them are lost, and nothing else is.
func TestReportsThatAreTooMany(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		caller := s.open(t, nil)
		serve(t, s.open(t, nil), talk)
		told := 0
		defer remote.OnProgress(func(remote.Progress) { told++ }).Reset()
		n, err := talk.On(caller)(patient(t), 1000)
		require.NoError(t, err)
		assert.Equal(t, 1000, n)
		assert.Greater(t, told, 100)
		assert.Less(t, told, 256)
	})
}

var open = make(chan struct{}, 1)

func (s server) live() remotetemporal.Option {
	return remotetemporal.Live(client.Options{Namespace: s.namespace})
}

var slow = remote.New("slow", func(ctx context.Context, _ int) (int, error) {
	remote.Report([]byte("begun"))
	select {
	case <-open:
	case <-ctx.Done():
		causes <- context.Cause(ctx)
	}
	return 0, ctx.Err()
})

// Heartbeats bring reports while the job goes on.
func TestReportsOfAJobThatRuns(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		caller := s.open(t, nil, s.live())
		serve(t, s.open(t, nil), slow)
		var told []string
		defer remote.OnProgress(func(p remote.Progress) {
			told = append(told, string(p.Data))
			open <- struct{}{} // the job ends after its caller got the report
		}).Reset()
		_, err := slow.On(caller)(patient(t), 0)
		require.NoError(t, err)
		assert.Equal(t, []string{"begun"}, told)
	})
}

// A user may cancel a job with Temporal's own tools.
func TestCancelledByOperator(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		caller, c := s.open(t, nil, s.live()), s.dial(t, nil)
		serve(t, s.open(t, nil), slow)
		var once sync.Once
		defer remote.OnProgress(func(p remote.Progress) {
			once.Do(func() {
				handle := c.GetActivityHandle(client.GetActivityHandleOptions{ActivityID: p.Job})
				assert.NoError(t, handle.Cancel(t.Context(), client.CancelActivityOptions{Reason: "maintenance"}))
			})
		}).Reset()
		_, err := slow.On(caller)(patient(t), 0)
		require.ErrorIs(t, err, context.Canceled)
		cause := await(t, causes)
		require.ErrorIs(t, cause, context.Canceled)
		assert.ErrorContains(t, cause, "maintenance")
	})
}

// An activity that is not a job fails, and does no harm.
func TestForeignActivities(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		caller, c := s.open(t, nil), s.dial(t, nil)
		serve(t, s.open(t, nil), echo)
		for _, args := range [][]any{
			{},
			{"garbage"},
			{map[string]string{}, "x"},
			{map[string]string{"Heirloom-Job": "1 other echo 1 1 1 0"}, "x"}, // another job
		} {
			handle, err := c.ExecuteActivity(t.Context(), client.StartActivityOptions{
				ID: "foreign-" + time.Now().Format("150405.000000000"), TaskQueue: t.Name() + "-echo", StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: time.Minute,
			}, "echo", args...)
			require.NoError(t, err)
			if len(args) == 2 {
				assert.ErrorContains(t, handle.Get(patient(t), nil), remote.ErrMalformed.Error())
			}
		}
		n, err := echo.On(caller)(patient(t), "xyz")
		require.NoError(t, err)
		assert.Equal(t, 3, n)
	})
}

// A result that is not an outcome is an error.
func TestForeignOutcomes(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		caller := s.open(t, nil)
		foreign := worker.New(s.dial(t, nil), t.Name()+"-echo", worker.Options{DisableWorkflowWorker: true})
		foreign.RegisterActivityWithOptions(func(context.Context, map[string]string, string) (string, error) { return "garbage", nil },
			activity.RegisterOptions{Name: "echo"})
		require.NoError(t, foreign.Start())
		defer foreign.Stop()
		_, err := echo.On(caller)(patient(t), "x")
		require.ErrorIs(t, err, remote.ErrMalformed)
	})
}

func TestServeFails(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		s.namespace = "missing"
		err := remote.Serve(patient(t), s.open(t, nil), []remote.Callable{echo, once})
		require.ErrorContains(t, err, "remotetemporal: serving echo: ")
	})
}

// Closing the client ends its calls.
func TestClosedClient(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		c := s.dial(t, nil)
		e := remotetemporal.New(c, remotetemporal.Prefix(t.Name()+"-"))
		call := task.Go(patient(t), func(ctx context.Context) (int, error) { return echo.On(e)(ctx, "x") })
		time.AfterFunc(100*time.Millisecond, c.Close)
		_, err := call.Await(patient(t))
		require.Error(t, err)
		assert.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}
