package remote_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
)

// An exiting is an error with a method that calls Goexit.
type exiting struct{ method string }

func (e *exiting) exit(method string) {
	if e.method == method {
		runtime.Goexit()
	}
}

func (e *exiting) Error() string { e.exit("Error"); return "exiting" }
func (e *exiting) Is(error) bool { e.exit("Is"); return false }
func (e *exiting) Unwrap() error { e.exit("Unwrap"); return io.EOF }

// A method that calls Goexit costs what it would have said.
func TestMethodsThatExit(t *testing.T) {
	for _, tt := range []struct {
		method, text string
		isEOF        bool
	}{
		{"Error", "*remote_test.exiting, whose method Error did not return", true},
		{"Is", "exiting", false},
		{"Unwrap", "exiting", false},
	} {
		err := crossed(t, &exiting{tt.method})
		assert.ErrorContains(t, err, tt.text, tt.method)
		assert.Equal(t, tt.isEOF, errors.Is(err, io.EOF), tt.method)
	}
}

var (
	rude = remote.New("rude", func(ctx context.Context, how string) (int, error) {
		switch how {
		case "reports and fails":
			remote.Report([]byte("half"))
			return 0, io.ErrUnexpectedEOF
		case "cancelled":
			<-ctx.Done()
		case "fine":
			return 1, nil
		}
		return 0, &exiting{"Is"}
	})

	// moody is a variable whose text may be one that the function which reads it panics on.
	moody = ctxvar.New("moody", ctxvar.Default(""))
)

func init() {
	remote.Carry(ctxwire.Func(moody, "moody", func(s string) (string, error) { return s, nil },
		func(s string) (string, error) {
			switch {
			case strings.HasPrefix(s, "panic"):
				panic(s)
			case strings.HasPrefix(s, "exit"):
				runtime.Goexit()
			}
			return s, nil
		}))
}

// served calls rude once on a worker, which goes on whatever that does.
func served(t *testing.T, ctx context.Context, how string, opts ...remote.ServeOption) error {
	engine := remote.NewLocal()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	serving := make(chan error, 1)
	serve, stop := context.WithCancel(context.Background())
	go func() {
		serving <- remote.Serve(serve, engine, []remote.Callable{rude}, append(opts, remote.Concurrency(1))...)
	}()
	_, err := rude.On(engine)(ctx, how)
	v, fine := func() (int, error) {
		defer moody.Set("").Reset()
		return rude.On(engine)(context.Background(), "fine")
	}()
	require.NoError(t, fine, "the worker goes on")
	assert.Equal(t, 1, v)
	stop()
	require.NoError(t, <-serving)
	return err
}

func TestWorkerOfAJobWhoseErrorExits(t *testing.T) {
	assert.ErrorContains(t, served(t, t.Context(), "fails"), "exiting")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer remote.OnProgress(func(remote.Progress) {}).Reset()
	go cancel()
	assert.Error(t, served(t, ctx, "cancelled"))
}

// What comes from outside, and a function of Carry panics on, fails the job alone.
func TestWorkerOfAFieldThatPanics(t *testing.T) {
	defer moody.Set("panic on this").Reset()
	err := served(t, t.Context(), "fine")
	var panicked *task.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "panic on this", panicked.Value)
}

// Nor does one that calls Goexit end the goroutine that takes the jobs.
func TestWorkerOfAFieldThatExits(t *testing.T) {
	defer moody.Set("exit").Reset()
	for _, opts := range [][]remote.ServeOption{nil, {remote.Drain(time.Hour)}} {
		assert.ErrorIs(t, served(t, t.Context(), "fine", opts...), task.ErrGoexit)
	}
}

// A panic of the function of OnProgress does not hide the failure of the job.
func TestProgressPanicsAndTheJobFails(t *testing.T) {
	defer remote.OnProgress(func(remote.Progress) { panic("progress") }).Reset()
	err := served(t, t.Context(), "reports and fails")
	var panicked *task.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "progress", panicked.Value)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// An undecodable is an error whose type does not take back what it has sent.
type undecodable struct{}

func init() { remote.Type[*undecodable]("undecodable") }

func (*undecodable) Error() string                { return "undecodable" }
func (*undecodable) MarshalJSON() ([]byte, error) { return []byte(`"x"`), nil }
func (*undecodable) UnmarshalJSON([]byte) error   { runtime.Goexit(); return nil }

// If a decoder of errors calls Goexit, only what it would have decoded is lost: it ends
// neither the caller nor the goroutine that cancels the job when the caller's ctx ends.
func TestErrorDecoderThatExits(t *testing.T) {
	var decoded *undecodable
	err := crossed(t, &undecodable{})
	require.ErrorContains(t, err, "undecodable")
	assert.False(t, errors.As(err, &decoded))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(&undecodable{}) })
		begun := time.Now()
		_, err := sleeper.Call(ctx, time.Hour)
		require.ErrorAs(t, err, &decoded, "the caller's own cause")
		assert.Equal(t, time.Second, time.Since(begun))
	})
}

// A silent is a ctx that ends and does not say why.
type silent struct {
	context.Context
	done chan struct{}
}

func (s *silent) Done() <-chan struct{} { return s.done }
func (s *silent) Err() error            { return nil }

// Contexts that are derived from the caller's ask it in goroutines of their own, where one
// that does not answer would end the program.
func TestCallWithACtxThatDoesNotSayWhyItIsDone(t *testing.T) {
	engine := remote.NewLocal()
	serving, stop := context.WithCancel(t.Context())
	var served sync.WaitGroup
	served.Go(func() { assert.NoError(t, remote.Serve(serving, engine, []remote.Callable{sleeper})) })
	for _, call := range []func(context.Context, time.Duration) (int, error){sleeper.Call, sleeper.On(engine)} {
		ctx := &silent{t.Context(), make(chan struct{})}
		time.AfterFunc(10*time.Millisecond, func() { close(ctx.done) })
		_, err := call(ctx, time.Hour)
		assert.ErrorIs(t, err, context.Canceled)
	}
	stop()
	served.Wait()
}
