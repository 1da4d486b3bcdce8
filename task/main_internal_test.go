package task

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

type exitError struct{}

func (exitError) Error() string { runtime.Goexit(); return "" }

type slowError struct{}

func (slowError) Error() string { time.Sleep(time.Hour); runtime.Goexit(); return "" }

type selfError struct{}

func (*selfError) Error() string   { return "self" }
func (e *selfError) Unwrap() error { return e }

func TestMainsExitCode(t *testing.T) {
	errMine := errors.New("mine")
	heed := func(ctx context.Context) error { return Sleep(ctx, time.Hour) }
	signals := func(s ...os.Signal) []os.Signal { return s }
	for _, tt := range []struct {
		name, reason string
		main         func(ctx context.Context) error
		opts         []Option
		signals      []os.Signal // one a second
		code         int
		stderr       string
		took         time.Duration
	}{
		{"nil", "all is well", func(context.Context) error { return nil }, nil, nil, 0, "", 0},
		{"error", "it is said", func(context.Context) error { return errMine }, nil, nil, 1, "mine\n", 0},
		{"interrupted", "as a shell has it, without noise", heed, nil, signals(os.Interrupt), 130, "", time.Second},
		{"terminated", "likewise", heed, nil, signals(syscall.SIGTERM), 143, "", time.Second},
		{"cause", "the cause is known", func(ctx context.Context) error {
			<-ctx.Done()
			var s *SignalError
			if errors.As(context.Cause(ctx), &s) && s.Signal == syscall.SIGTERM {
				return nil
			}
			return errMine
		}, nil, signals(syscall.SIGTERM), 0, "", time.Second},
		{"fails besides", "a failure is not swallowed", func(ctx context.Context) error {
			<-ctx.Done()
			return errors.Join(ctx.Err(), errMine)
		}, nil, signals(os.Interrupt), 1, "context canceled\nmine\n", time.Second},
		{"cleans up", "there is time to", func(ctx context.Context) error { <-ctx.Done(); time.Sleep(5 * time.Second); return ctx.Err() }, nil, signals(os.Interrupt), 130, "", 6 * time.Second},
		{"Unobserved exits", "that ends a goroutine of its own, and main has not failed", func(ctx context.Context) error {
			Start(ctx, func(context.Context) error { return errMine })
			return Sleep(ctx, time.Second)
		}, []Option{Unobserved(func(Info, error) { runtime.Goexit() })}, nil, 0, "", time.Second},
		{"Unobserved exits besides", "main's own error is said", func(ctx context.Context) error {
			Start(ctx, func(context.Context) error { return errors.New("other") })
			_ = Sleep(ctx, time.Second)
			return errMine
		}, []Option{Unobserved(func(Info, error) { runtime.Goexit() })}, nil, 1, "mine\n", time.Second},
		{"an error's method exits", "it ends its own goroutine", func(context.Context) error { return exitError{} }, nil, nil, 1, "", 0},
		{"an error that unwraps to itself", "there is an end", func(context.Context) error { return &selfError{} }, nil, signals(os.Interrupt), 1, "self\n", 0},
		{"the same after a signal", "there is an end", func(ctx context.Context) error { <-ctx.Done(); return &selfError{} }, nil, signals(os.Interrupt), 1, "self\n", time.Second},
		{"too slow", "the time has an end", func(context.Context) error { time.Sleep(time.Minute); return nil }, []Option{Grace(3 * time.Second)}, signals(os.Interrupt), 1,
			"task: the program was sent the signal interrupt, and tasks still run after 3s; they are left\n", 4 * time.Second},
		{"too slow without a Grace", "there is a default", func(context.Context) error { time.Sleep(time.Minute); return nil }, nil, signals(os.Interrupt), 1,
			"task: the program was sent the signal interrupt, and tasks still run after 10s; they are left\n", 11 * time.Second},
		{"slow", "zero is no limit", func(context.Context) error { time.Sleep(time.Minute); return nil }, []Option{Grace(0)}, signals(os.Interrupt), 0, "", time.Minute},
		{"an error's method is slow", "a signal ends the program all the same", func(context.Context) error { return slowError{} }, nil, signals(os.Interrupt), 1,
			"task: the program was sent the signal interrupt, and tasks still run after 10s; they are left\n", 11 * time.Second},
		{"impatient", "a second signal ends it at once", func(context.Context) error { time.Sleep(time.Minute); return nil }, nil, signals(os.Interrupt, os.Interrupt), 1,
			"task: the program was sent the signal interrupt, again; tasks that still run are left\n", 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := make(chan os.Signal, 2)
				go func() {
					for _, s := range tt.signals {
						time.Sleep(time.Second)
						sent <- s
					}
				}()
				began := time.Now()
				var stderr bytes.Buffer
				assert.Equal(t, tt.code, runMain(tt.main, tt.opts, sent, &stderr), tt.reason)
				assert.Equal(t, tt.stderr, stderr.String(), tt.reason)
				assert.Equal(t, tt.took, time.Since(began), tt.reason)
				time.Sleep(time.Hour) // for those that are left
			})
		})
	}
}

// However many nodes there are, a walk looks at some hundred while it holds a lock.
func TestWalkHoldsLocksForAFewNodes(t *testing.T) {
	const n = 5000
	hold := make(chan struct{})
	_, err := Run(t.Context(), func(ctx context.Context) (struct{}, error) {
		for range n {
			Start(ctx, func(context.Context) error { <-hold; return nil })
		}
		w, seen := newWalk(), 0
		w.look(func(*node, uint64, int) bool { seen++; return true })
		assert.GreaterOrEqual(t, seen, n+1)
		assert.LessOrEqual(t, w.most, 2*few)

		w, seen = newWalk(), 0
		w.look(func(*node, uint64, int) bool { seen++; return seen < 10 })
		assert.Equal(t, 10, seen, "it is over when it has seen enough")
		close(hold)
		return struct{}{}, nil
	})
	assert.NoError(t, err)
}

// Waits that are over leave nothing at the awaited tasks.
func TestWaitsLeaveNoHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		child := Start(t.Context(), func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
		wait := func() {
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			_, _, err := Wait(ctx, AllCompleted, child)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			for _, err := range AsCompleted(ctx, child) {
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			}
			_, err = child.Await(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}
		wait()
		waiter := Start(t.Context(), func(context.Context) error { wait(); return nil })
		<-waiter.Done()
		assert.Nil(t, child.hooks)
	})
}

// A task that has ended counts, whatever ctx says.
func TestEndOutranksTheCtxOfAWait(t *testing.T) {
	child := Start(t.Context(), func(context.Context) error { return nil })
	<-child.Done()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // whichever a select would choose
		done, _, err := Wait(over, AllCompleted, child)
		assert.NoError(t, err)
		assert.Len(t, done, 1)
		_, err = child.Await(over)
		assert.NoError(t, err)
	}
}

// An error with methods that panic is an error like any other to Main.
func TestMainSurvivesTheMethodsOfItsError(t *testing.T) {
	var none *fs.PathError
	var stderr bytes.Buffer
	code := runMain(func(context.Context) error { return none }, nil, make(chan os.Signal), &stderr)
	assert.Equal(t, 1, code)
	assert.NotEmpty(t, stderr.String())
}
