package remotenats_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
)

var echo = remote.New("echo", func(_ context.Context, text string) (string, error) { return text, nil })

// worker starts a worker over a connection of its own, which ends with the test. It
// returns a function that cuts this connection, as if the worker's machine were
// lost.
func worker(t *testing.T, s *server.Server, fns []remote.Callable, opts ...remotenats.Option) (cut func()) {
	nc := dial(t, s)
	e := open(t, nc, opts...)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = remote.Serve(ctx, e, fns, remote.Concurrency(4)) // returns an error if it was cut off
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return nc.Close
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// Messages that are not jobs are dropped, and messages for no call are skipped.
func TestGarbage(t *testing.T) {
	s := serve(t)
	nc := dial(t, s)
	e := open(t, nc, remotenats.Namespace("garbage"))
	worker(t, s, []remote.Callable{echo}, remotenats.Namespace("garbage"))
	call := echo.On(e)
	ctx := within(t, time.Minute)
	got, err := call(ctx, "before")
	require.NoError(t, err)
	require.Equal(t, "before", got)

	js, err := jetstream.New(nc)
	require.NoError(t, err)
	good := remotenats.PackForTest((&remote.Job{ID: "j1", Func: "echo", Arg: []byte(`"x"`), Deliveries: 1, Lease: 1, Grace: 1}).Encode(time.Now()))
	for _, m := range []*nats.Msg{
		{Subject: "garbage.job.echo.someone.j1", Data: []byte("no job")},
		{Subject: "garbage.job.echo.short", Data: good},
		{Subject: "garbage.job.echo.someone.j2", Data: good}, // another job's subject
		{Subject: "garbage.job.echo.someone.j1.and.more", Data: good},
		{Subject: "garbage.out.someone.j1", Data: []byte("\x00")},
		{Subject: "garbage.out.someone.j1.x.y", Data: []byte("\x00")},
		{Subject: "garbage.out.someone.j1.1.1.1.1", Data: nil},
	} {
		_, err := js.PublishMsg(ctx, m)
		require.NoError(t, err, m.Subject)
	}
	require.NoError(t, nc.Publish("garbage.cancel.j1", []byte("{")))

	got, err = call(ctx, "after")
	require.NoError(t, err)
	assert.Equal(t, "after", got)
	jobs, err := js.Stream(ctx, "garbage-jobs")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		info, err := jobs.Info(ctx)
		return err == nil && info.State.Msgs == 0
	}, time.Minute, 20*time.Millisecond, "nothing of it is left")
}

func TestLeaseIsTheNamespaces(t *testing.T) {
	s := serve(t)
	nc := dial(t, s)
	open(t, nc, remotenats.Lease(5*time.Second))
	open(t, nc) // accepts the existing lease
	open(t, nc, remotenats.Lease(5*time.Second))
	name := "TestLeaseIsTheNamespaces"
	_, err := remotenats.New(t.Context(), nc, remotenats.Namespace(name), remotenats.Lease(6*time.Second))
	var lease *remotenats.LeaseError
	require.ErrorAs(t, err, &lease)
	assert.Equal(t, remotenats.LeaseError{Namespace: name, Want: 6 * time.Second, Has: 5 * time.Second}, *lease)
	_, err = remotenats.New(t.Context(), nc, remotenats.Namespace("a.b"))
	require.ErrorContains(t, err, "a.b")
}

// stubborn notes its deliveries, and never returns from the first.
var deliveries = make(chan int, 10)

var stubborn = remote.New("stubborn", func(ctx context.Context, hang int) (int, error) {
	d := remote.Delivery()
	deliveries <- d
	if d <= hang {
		<-ctx.Done()
		return 0, context.Cause(ctx)
	}
	return d, nil
}, remote.Deliveries(2))

func TestALostWorkersJobIsGivenToAnother(t *testing.T) {
	s := serve(t)
	lease := remotenats.Lease(600 * time.Millisecond)
	e := open(t, dial(t, s), lease)
	cut := worker(t, s, []remote.Callable{stubborn}, lease)
	ctx := within(t, time.Minute)
	call := task.Go(ctx, func(ctx context.Context) (int, error) { return stubborn.On(e)(ctx, 1) })
	require.Equal(t, 1, <-deliveries)
	cut()
	worker(t, s, []remote.Callable{stubborn}, lease)
	got, err := call.Await(ctx)
	require.NoError(t, err)
	assert.Equal(t, 2, got)
	assert.Equal(t, 2, <-deliveries)
}

func TestAJobThatLosesEachWorkerIsLost(t *testing.T) {
	s := serve(t)
	lease := remotenats.Lease(600 * time.Millisecond)
	e := open(t, dial(t, s), lease)
	ctx := within(t, time.Minute)
	call := task.Go(ctx, func(ctx context.Context) (int, error) { return stubborn.On(e)(ctx, 99) })
	for want := 1; want <= 2; want++ {
		cut := worker(t, s, []remote.Callable{stubborn}, lease)
		require.Equal(t, want, <-deliveries)
		cut()
	}
	worker(t, s, []remote.Callable{stubborn}, lease)
	_, err := call.Await(ctx)
	require.ErrorIs(t, err, remote.ErrLost)
	assert.Empty(t, deliveries, "it was not run a third time")
}

var causes = make(chan error, 1)

var lonely = remote.New("lonely", func(ctx context.Context, begun string) (int, error) {
	deliveries <- remote.Delivery()
	<-ctx.Done()
	causes <- context.Cause(ctx)
	return 0, ctx.Err()
})

func TestTheJobsOfACallerThatIsGoneAreCancelled(t *testing.T) {
	s := serve(t)
	lease := remotenats.Lease(6 * time.Second) // a worker that is held up for longer would lose it
	worker(t, s, []remote.Callable{lonely}, lease)
	nc := dial(t, s)
	e := open(t, nc, lease)
	ctx := within(t, time.Minute)
	call := task.Go(ctx, func(ctx context.Context) (int, error) { return lonely.On(e)(ctx, "") })
	require.Equal(t, 1, <-deliveries)
	nc.Close()
	require.ErrorIs(t, <-causes, remote.ErrCallerGone)
	_, err := call.Await(ctx)
	require.ErrorIs(t, err, nats.ErrConnectionClosed)
}

// A worker that does not know yet whether a job's caller is there learns all the same
// that the job is cancelled.
func TestAJobIsCancelledWhileItsCallerIsAskedFor(t *testing.T) {
	s := serve(t)
	namespace := remotenats.Namespace("asking")
	nc := dial(t, s)
	e := open(t, nc, namespace, remotenats.Lease(10*time.Minute))
	worker(t, s, []remote.Callable{echo}, namespace)
	ctx := within(t, 2*time.Minute) // less than a third of the lease
	data := remotenats.PackForTest((&remote.Job{ID: "j", Func: "echo", Arg: []byte(`"x"`), Deliveries: 1, Lease: 1, Grace: 1}).Encode(time.Now()))
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	_, err = js.Publish(ctx, "asking.job.echo.nobody.j", data)
	require.NoError(t, err)
	cause := remote.NewFailure(errors.New("enough")).Encode()
	require.Eventually(t, func() bool {
		_, err := nc.RequestWithContext(ctx, "asking.cancel.j", cause)
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		jobs, outcomes, err := e.StoredForTest(ctx)
		return err == nil && jobs == 0 && outcomes == 1
	}, time.Minute, 10*time.Millisecond, "what the job says to that is stored")
}

var large = remote.New("large", func(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil })

func TestWhatIsTooLarge(t *testing.T) {
	s := serve(t)
	e := open(t, dial(t, s))
	worker(t, s, []remote.Callable{echo, large})
	ctx := within(t, time.Minute)
	_, err := echo.On(e)(ctx, strings.Repeat("x", 2<<20))
	require.ErrorIs(t, err, remote.ErrTooLarge)
	_, err = large.On(e)(ctx, 2<<20)
	require.ErrorIs(t, err, remote.ErrTooLarge)
	require.ErrorContains(t, err, "the result")
	got, err := large.On(e)(ctx, 900<<10)
	require.NoError(t, err)
	assert.Len(t, got, 900<<10)
}

// A caller with a fixed name finds the jobs that it called before.
func TestOutcomesAreStored(t *testing.T) {
	s := serve(t)
	client := remotenats.Client("the-caller")
	worker(t, s, []remote.Callable{echo})
	ctx := within(t, time.Minute)
	job := &remote.Job{ID: "job1", Func: "echo", Arg: []byte(`"x"`), Deliveries: 1, Lease: time.Second, Grace: time.Second}
	_, err := open(t, dial(t, s), client).Do(ctx, job)
	require.NoError(t, err)

	again := open(t, dial(t, s), client)
	outcome, ok, err := again.Outcome(ctx, "job1")
	require.NoError(t, err)
	require.True(t, ok)
	assert.JSONEq(t, `"x"`, string(outcome.Result))
	_, ok, err = again.Outcome(ctx, "job2")
	require.NoError(t, err)
	assert.False(t, ok)
}

func TestCallsEndWithTheEngine(t *testing.T) {
	s := serve(t)
	e := open(t, dial(t, s))
	ctx := within(t, time.Minute)
	waiting := task.Go(ctx, func(ctx context.Context) (string, error) { return echo.On(e)(ctx, "nobody serves it") })
	require.Eventually(t, func() bool { return waiting.State() == task.Running }, time.Minute, time.Millisecond)
	require.NoError(t, e.Close())
	_, err := waiting.Await(ctx)
	require.Error(t, err)
	_, err = echo.On(e)(ctx, "later")
	require.Error(t, err)
	require.False(t, errors.Is(err, context.DeadlineExceeded), fmt.Sprint(err))
}
