package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
)

// crossed returns err in the form in which it arrives.
func crossed(t *testing.T, err error) error {
	f, decodeErr := remote.DecodeFailure(remote.NewFailure(err).Encode())
	require.NoError(t, decodeErr)
	return f.Err()
}

func TestWhatIsFoundInAnErrorThatCrossed(t *testing.T) {
	timeout := &task.TimeoutError{Task: "t", After: time.Second, Err: io.ErrUnexpectedEOF}
	err := crossed(t, fmt.Errorf("asking: %w", errors.Join(timeout, io.EOF)))
	require.ErrorIs(t, err, io.EOF)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "it is in the TimeoutError")
	assert.NotErrorIs(t, err, context.Canceled)
	var got *task.TimeoutError
	require.ErrorAs(t, err, &got)
	assert.Equal(t, &task.TimeoutError{Task: "t", After: time.Second}, got)
}

func TestASentinelAloneIsItself(t *testing.T) {
	assert.Equal(t, context.Canceled, crossed(t, context.Canceled))
	assert.NoError(t, remote.NewFailure(nil).Err())
}

type endless struct{}

func (e endless) Error() string   { return "endless" }
func (e endless) Unwrap() []error { return []error{io.EOF, deep(1 << 14)} }

// deep returns a chain of errors that is longer than any program makes on purpose.
type deep int

func (d deep) Error() string { return "deep" }
func (d deep) Unwrap() error {
	if d == 0 {
		return nil
	}
	return d - 1
}

func TestLargeErrorsAreCut(t *testing.T) {
	err := crossed(t, endless{})
	require.ErrorIs(t, err, io.EOF)
	big := crossed(t, errors.New(string(make([]byte, 1<<20))))
	assert.Less(t, len(big.Error()), 1<<17)
}

type bad struct{ _ byte }

func (b *bad) Error() string { panic("Error") }
func (b *bad) Unwrap() error { panic("Unwrap") }
func (b *bad) Is(error) bool { panic("Is") }

func TestMethodsThatPanic(t *testing.T) {
	assert.ErrorContains(t, crossed(t, &bad{}), "*remote_test.bad")
	var none *bad
	assert.ErrorContains(t, crossed(t, none), "*remote_test.bad")
}

func TestNamesAreGivenOnce(t *testing.T) {
	var misuse *remote.MisuseError
	for _, test := range []struct {
		reason string
		call   func()
	}{
		{"a nil sentinel", func() { remote.Sentinel("nil", nil) }},
		{"a sentinel's name that is taken", func() { remote.Sentinel("io.EOF", errors.New("another")) }},
		{"an interface type", func() { remote.Type[error]("error") }},
		{"a type's name that is taken", func() { remote.Type[*bad]("task.PanicError") }},
		{"a type that has a name", func() { remote.Type[*task.PanicError]("again") }},
		{"a nil function", func() { remote.New[int, int]("nil", nil) }},
		{"a nil option of a function", func() { remote.New("nil", increment, nil) }},
		{"a nil option of a worker", func() {
			_ = remote.Serve(context.Background(), remote.NewLocal(), []remote.Callable{incremented}, nil)
		}},
		{"a dot in a function's name", func() { remote.New("a.b", increment) }},
		{"a function's name that is taken", func() { remote.New("increment", increment) }},
		{"a nil engine", func() { remote.Through(nil) }},
		{"a nil engine for one call", func() { incremented.On(nil) }},
		{"a worker of nothing", func() { _ = remote.Serve(context.Background(), remote.NewLocal(), nil) }},
		{"a function served twice", func() {
			_ = remote.Serve(context.Background(), remote.NewLocal(), []remote.Callable{incremented, incremented})
		}},
		{"workers for Local", func() { _ = remote.Serve(context.Background(), remote.Local, []remote.Callable{incremented}) }},
		{"no delivery", func() { remote.Deliveries(0) }},
		{"no lease", func() { remote.Lease(0) }},
		{"no backlog", func() { remote.Backlog(0) }},
		{"no grace", func() { remote.Grace(0) }},
		{"no encoding", func() { remote.Encoding(nil) }},
		{"no concurrency", func() { remote.Concurrency(0) }},
		{"no time to drain", func() { remote.Drain(0) }},
	} {
		t.Run(test.reason, func(t *testing.T) {
			defer func() {
				err, ok := recover().(error)
				require.True(t, ok, "it panics with an error")
				require.ErrorAs(t, err, &misuse)
				assert.Contains(t, err.Error(), "remote: ")
			}()
			test.call()
		})
	}
}

func increment(_ context.Context, n int) (int, error) { return n + 1, nil }

var incremented = remote.New("increment", increment)
