package task_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A mute is an error whose methods do not answer.
type mute struct{ do func() }

func (*mute) Error() string   { return "mute" }
func (m *mute) Is(error) bool { m.do(); return false }
func (m *mute) Unwrap() error { m.do(); return nil }

// mutes are the ways in which a method does not answer, with how a task ends then.
var mutes = map[string]struct {
	do    func()
	state task.State
	is    error
}{
	"panics": {func() { panic(errHostile) }, task.Panicked, errHostile},
	"exits":  {runtime.Goexit, task.Goexited, task.ErrGoexit},
}

// An error whose methods do not answer is a failure, and stays findable.
func TestErrorsWithMethodsThatDoNotAnswer(t *testing.T) {
	for name, tt := range mutes {
		said := &mute{tt.do}
		fail := func(ctx context.Context) (int, error) { <-ctx.Done(); return 7, said }
		check := func(t *testing.T, err error) {
			t.Helper()
			assert.ErrorIs(t, err, error(said))
			assert.ErrorIs(t, err, tt.is)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
			assert.Contains(t, err.Error(), "mute")
		}
		t.Run(name+"/task", func(t *testing.T) {
			failing := task.Go(t.Context(), fail)
			failing.Cancel(nil)
			_, err := failing.Await(t.Context())
			check(t, err)
			assert.Equal(t, tt.state, failing.State())
		})
		t.Run(name+"/Group", func(t *testing.T) {
			err := task.Group(t.Context(), func(ctx context.Context) error {
				task.Go(ctx, fail).Cancel(nil)
				return nil
			})
			check(t, err)
		})
		t.Run(name+"/reported", func(t *testing.T) {
			var errs []error
			_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
				failing := task.Go(ctx, fail)
				failing.Cancel(nil)
				_, _, err := task.Wait(ctx, task.AllCompleted, failing)
				return 0, err
			}, task.Unobserved(func(_ task.Info, err error) { errs = append(errs, err) }))
			require.NoError(t, err)
			require.Len(t, errs, 1)
			check(t, errs[0])
		})
		t.Run(name+"/Within", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var err error
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_, err = task.Within(t.Context(), time.Second, fail)
				}()
				<-ended
				if name == "panics" { // nobody can return anything after a Goexit
					check(t, err)
				}
			})
		})
	}
}

// A Goexit in a method of the body's error ends the Group, which reports the error.
func TestBodysErrorThatExitsIsReported(t *testing.T) {
	said := &mute{runtime.Goexit}
	var errs []error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ctx, cancel := context.WithCancel(context.Background())
		_ = task.Group(ctx, func(context.Context) error { cancel(); return said },
			task.Unobserved(func(_ task.Info, err error) { errs = append(errs, err) }))
	}()
	<-ended
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], error(said))
	assert.ErrorIs(t, errs[0], task.ErrGoexit)
}

// A report that calls Goexit does not keep Run from returning.
func TestRunWhoseReportExits(t *testing.T) {
	errMain, errChild := errors.New("main"), errors.New("child")
	var errs []error
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		child := task.Go(ctx, func(context.Context) (int, error) { return 0, errChild })
		_, _, _ = task.Wait(ctx, task.AllCompleted, child)
		return 0, errMain
	}, task.Unobserved(func(_ task.Info, err error) { errs = append(errs, err); runtime.Goexit() }))
	assert.Equal(t, errMain, err)
	assert.Equal(t, []error{errChild}, errs)
}
