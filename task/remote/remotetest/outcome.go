package remotetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
)

var errOutOfStock = errors.New("out of stock")

// A quotaError is an error that crosses as what it is.
type quotaError struct{ Limit int }

func (e *quotaError) Error() string { return "limit " + strconv.Itoa(e.Limit) + " reached" }

// A badError panics whatever it is asked.
type badError struct{}

func (*badError) Error() string   { panic("Error panics") }
func (*badError) Is(error) bool   { panic("Is panics") }
func (*badError) Unwrap() []error { panic("Unwrap panics") }

var double = remote.New("remotetest-double", func(_ context.Context, n int) (int, error) { return 2 * n, nil })

func testResult(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{double})
	got, err := double.On(s.caller)(s.ctx, 21)
	require.NoError(t, err)
	assert.Equal(t, 42, got)

	defer remote.Through(s.caller).Reset()
	value, err := task.Go(s.ctx, double.With(4)).Await(s.ctx)
	require.NoError(t, err)
	assert.Equal(t, 8, value)
}

func testManyCallers(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{double}, remote.Concurrency(20))
	numbers := make([]int, 500)
	for i := range numbers {
		numbers[i] = i
	}
	got, err := gather.Map(s.ctx, numbers, double.On(s.caller), gather.Limit(100))
	require.NoError(t, err)
	for i, n := range got {
		require.Equal(t, 2*i, n)
	}
}

var fail = remote.New("remotetest-fail", func(_ context.Context, how string) (int, error) {
	switch how {
	case "plain":
		return 0, errors.New("plain")
	case "sentinel":
		return 0, fmt.Errorf("socks: %w", errOutOfStock)
	case "type":
		return 0, fmt.Errorf("socks: %w", &quotaError{7})
	case "joined":
		return 0, errors.Join(errOutOfStock, &quotaError{8}, context.DeadlineExceeded)
	case "bad":
		return 0, &badError{}
	case "panic":
		panic(&quotaError{9})
	case "goexit":
		runtime.Goexit()
	}
	return 0, nil
})

func testErrors(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{fail})
	call := fail.On(s.caller)
	var quota *quotaError

	_, err := call(s.ctx, "plain")
	var e *remote.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "remotetest-fail", e.Func)
	assert.Equal(t, 1, e.Delivery)
	assert.NotEmpty(t, e.Worker)
	assert.EqualError(t, e.Err, "plain")

	_, err = call(s.ctx, "sentinel")
	require.ErrorIs(t, err, errOutOfStock)
	assert.ErrorContains(t, err, "socks: out of stock")

	_, err = call(s.ctx, "type")
	require.ErrorAs(t, err, &quota)
	assert.Equal(t, 7, quota.Limit)
	assert.NotErrorIs(t, err, errOutOfStock)

	_, err = call(s.ctx, "joined")
	require.ErrorIs(t, err, errOutOfStock)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorAs(t, err, &quota)
	assert.Equal(t, 8, quota.Limit)
	assert.NotErrorIs(t, err, context.Canceled)

	_, err = call(s.ctx, "bad")
	require.Error(t, err, "methods of an error that panic harm nobody else")
	_, err = call(s.ctx, "none")
	require.NoError(t, err)
}

func testPanic(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{fail})
	_, err := fail.On(s.caller)(s.ctx, "panic")
	var panicked *task.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Contains(t, string(panicked.Stack), "remotetest")
	assert.ErrorContains(t, err, "limit 9 reached")
}

func testGoexit(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{fail})
	_, err := fail.On(s.caller)(s.ctx, "goexit")
	require.ErrorIs(t, err, task.ErrGoexit)
}

func testForeignArgument(t *testing.T, s *scene) {
	s.serve(t, []remote.Callable{double})
	outcome, err := s.caller.Do(s.ctx, &remote.Job{
		ID: "foreign", Func: double.Name(), Arg: []byte("\x00{not JSON"), Vars: map[string]string{},
		Deliveries: 1, Lease: 30 * time.Second, Grace: time.Second,
	})
	require.NoError(t, err)
	require.NotNil(t, outcome.Failure)
	assert.Contains(t, outcome.Failure.Text, "decoding the argument")
}
