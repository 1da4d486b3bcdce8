package remotenats_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
)

var (
	counted     atomic.Int32 // how often it ran
	countedGoOn = make(chan struct{})
)

// countedJob reports twice, and waits in between if it is asked to.
var countedJob = remote.New("counted", func(ctx context.Context, waits bool) (int32, error) {
	n := counted.Add(1)
	remote.Report([]byte("one"))
	if waits {
		select {
		case <-countedGoOn:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	remote.Report([]byte("two"))
	return n, nil
})

// A caller that starts again gets the jobs that it called before, whatever their
// state is, and none of them runs twice because of that.
func TestResume(t *testing.T) {
	counted.Store(0)
	s := serve(t)
	client := remotenats.Client("caller")
	ctx := within(t, time.Minute)
	job := func(id, arg string, reports *[]string) *remote.Job {
		return &remote.Job{
			ID: id, Func: "counted", Arg: []byte(arg), Deliveries: 1, Lease: time.Second, Grace: time.Second,
			Progress: func(p remote.Progress) { *reports = append(*reports, string(p.Data)) },
		}
	}
	var none []string
	first := open(t, dial(t, s), client)
	queued := task.Go(ctx, func(ctx context.Context) (*remote.Outcome, error) {
		return first.Do(ctx, job("queued", "false", &none))
	})
	require.Eventually(t, func() bool {
		jobs, _, err := first.StoredForTest(ctx)
		return err == nil && jobs == 1
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, first.Close()) // as if its process were gone
	_, err := queued.Await(ctx)
	require.Error(t, err)

	second := open(t, dial(t, s), client)
	var reports []string
	resumed := task.Go(ctx, func(ctx context.Context) (*remote.Outcome, error) {
		return second.Resume(ctx, job("queued", "false", &reports))
	})
	var begun []string
	running := task.Go(ctx, func(ctx context.Context) (*remote.Outcome, error) {
		return second.Resume(ctx, job("running", "true", &begun)) // never called before, so it is called now
	})
	worker(t, s, []remote.Callable{countedJob})
	outcome, err := resumed.Await(ctx)
	require.NoError(t, err)
	assert.Nil(t, outcome.Failure)
	assert.Equal(t, []string{"one", "two"}, reports)
	require.Eventually(t, func() bool { return counted.Load() == 2 }, time.Minute, time.Millisecond)
	require.NoError(t, second.Close())
	_, err = running.Await(ctx)
	require.Error(t, err)

	third := open(t, dial(t, s), client)
	var ended []string
	again, err := third.Resume(ctx, job("queued", "false", &ended))
	require.NoError(t, err)
	assert.Equal(t, outcome, again, "it is stored")
	assert.Equal(t, []string{"one", "two"}, ended)
	var rest []string
	attached := task.Go(ctx, func(ctx context.Context) (*remote.Outcome, error) {
		return third.Resume(ctx, job("running", "true", &rest))
	})
	countedGoOn <- struct{}{}
	outcome, err = attached.Await(ctx)
	require.NoError(t, err)
	assert.Nil(t, outcome.Failure)
	assert.Equal(t, []string{"one", "two"}, rest, "also what was reported before")
	assert.EqualValues(t, 2, counted.Load(), "nothing ran twice")
}

// A job that was called, dropped and called again is stored again: the server must
// not take it for a repetition.
func TestResumeCallsWhatWasTakenBack(t *testing.T) {
	s := serve(t)
	e := open(t, dial(t, s), remotenats.Client("caller"))
	ctx := within(t, time.Minute)
	job := &remote.Job{ID: "j", Func: "echo", Arg: []byte(`"x"`), Deliveries: 1, Lease: time.Second, Grace: time.Second}
	taken, cancel := context.WithCancelCause(ctx)
	call := task.Go(ctx, func(context.Context) (*remote.Outcome, error) { return e.Resume(taken, job) })
	require.Eventually(t, func() bool {
		jobs, _, err := e.StoredForTest(ctx)
		return err == nil && jobs == 1
	}, time.Minute, 10*time.Millisecond)
	enough := errors.New("enough")
	cancel(enough)
	_, err := call.Await(ctx)
	require.ErrorIs(t, err, enough)

	worker(t, s, []remote.Callable{echo})
	outcome, err := e.Resume(ctx, job)
	require.NoError(t, err)
	assert.JSONEq(t, `"x"`, string(outcome.Result))
}

// Reports of a job that was lost and taken back do not keep the server from storing
// its reports when it is called again.
func TestReportsOfAJobThatIsCalledAgain(t *testing.T) {
	s := serve(t)
	e := open(t, dial(t, s))
	worker(t, s, []remote.Callable{countedJob})
	ctx := within(t, time.Minute)
	for range 2 {
		var reports []string
		_, err := e.Do(ctx, &remote.Job{
			ID: "j", Func: "counted", Arg: []byte("false"), Deliveries: 1, Lease: time.Second, Grace: time.Second,
			Progress: func(p remote.Progress) { reports = append(reports, string(p.Data)) },
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"one", "two"}, reports)
	}
}

// If a worker asked for the caller after the job was found and before there was an
// answer, it would drop the job, and the call would wait for ever.
func TestResumeAnswersWorkersBeforeItLooks(t *testing.T) {
	s := serve(t)
	said := new(listener)
	e := open(t, dial(t, s, nats.SetCustomDialer(said)), remotenats.Namespace("order"), remotenats.Client("caller"))
	worker(t, s, []remote.Callable{echo}, remotenats.Namespace("order"))
	_, err := e.Resume(within(t, time.Minute), &remote.Job{
		ID: "j", Func: "echo", Arg: []byte(`"x"`), Deliveries: 1, Lease: time.Second, Grace: time.Second,
	})
	require.NoError(t, err)
	answers, looks := said.index("SUB order.alive.caller "), said.index("STREAM.MSG.GET.order-jobs ")
	require.NotEqual(t, -1, answers)
	require.Greater(t, looks, answers)
}

// A listener is a dialer that reads what the client sends.
type listener struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (l *listener) Dial(network, address string) (net.Conn, error) {
	c, err := net.Dial(network, address)
	return &heardConn{c, l}, err
}

func (l *listener) index(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Index(l.said.Bytes(), []byte(text))
}

type heardConn struct {
	net.Conn
	listener *listener
}

func (c *heardConn) Write(p []byte) (int, error) {
	c.listener.mu.Lock()
	c.listener.said.Write(p)
	c.listener.mu.Unlock()
	return c.Conn.Write(p)
}
