package task_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A CanceledError that another package makes, as for a task on another machine.
func TestCanceledErrorMadeElsewhere(t *testing.T) {
	for name, tt := range map[string]struct {
		err, is, isNot error
	}{
		"with a cause": {
			err: &task.CanceledError{Task: "a", Cause: errMine},
			is:  context.Canceled, isNot: context.DeadlineExceeded,
		},
		"by a deadline": {
			err: &task.CanceledError{Task: "a", Cause: errMine, Err: context.DeadlineExceeded},
			is:  context.DeadlineExceeded, isNot: context.Canceled,
		},
		"with an error of the function": {
			err: &task.CanceledError{Task: "a", Cause: errMine, Err: errors.New("stopped")},
			is:  context.Canceled, isNot: context.DeadlineExceeded,
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, tt.err, tt.is)
			require.ErrorIs(t, tt.err, errMine)
			require.NotErrorIs(t, tt.err, tt.isNot)
			require.EqualError(t, tt.err, `task: "a" was cancelled: `+errMine.Error())
		})
	}
}

func TestTimeoutErrorText(t *testing.T) {
	for text, err := range map[string]error{
		`timed out after 1s`:                 &task.TimeoutError{After: time.Second},
		`task: "a" timed out after 1s`:       &task.TimeoutError{Task: "a", After: time.Second, Err: context.DeadlineExceeded},
		`task: "a" timed out after 1s: mine`: &task.TimeoutError{Task: "a", After: time.Second, Err: errors.New("mine")},
	} {
		assert.EqualError(t, err, text)
	}
}

// An error that a task passes on from another one, which a limit further away ended, is a
// failure of the task, and not the work of the limit of WaitFor.
func TestWaitForKeepsAForeignCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		foreign := &task.CanceledError{Task: "other", Cause: errMine, Err: context.DeadlineExceeded}
		other := task.Start(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return foreign })
		_, err := task.WaitFor(t.Context(), other, time.Second)
		assert.Equal(t, error(foreign), err)
		assert.Equal(t, task.Failed, other.State())
	})
}

// The error of Within in a ctx that has ended is that of this ctx, once, whether or not
// Within's limit has passed before.
func TestWithinReturnsTheOuterEndOnce(t *testing.T) {
	for name, after := range map[string]time.Duration{"before the limit": 0, "after the limit": 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			outer, cancel := context.WithCancelCause(t.Context())
			_, err := task.Within(outer, time.Second, func(ctx context.Context) (none, error) {
				time.Sleep(after)
				cancel(errors.New("enough"))
				return none{}, ctx.Err()
			})
			assert.EqualError(t, err, "context canceled: enough", name)
		})
	}
}

// A listErr is an error that == panics on, like the lists of errors that validators return.
type listErr []string

func (listErr) Error() string { return "list" }

// What a body returns from a child is one failure of the Group, and not two.
func TestFailureOfAChildThatCannotBeCompared(t *testing.T) {
	err := task.Group(t.Context(), func(ctx context.Context) error {
		detached := context.WithoutCancel(ctx)
		_, err := task.Start(detached, func(context.Context) error { return listErr{"name"} }, task.Name("child")).Await(detached)
		return err
	})
	assert.EqualError(t, err, "task: group: \"child\": list")
}

// A scope may be cancelled with any error, and what it refuses then counts as that.
func TestRefusalWithACauseThatCannotBeCompared(t *testing.T) {
	var loop *task.Task[none]
	err := task.Group(t.Context(), func(ctx context.Context) error {
		loop = task.Start(context.WithoutCancel(ctx), func(ctx context.Context) error {
			open, stop := task.UntilEnding(ctx)
			defer stop()
			<-open.Done()
			return context.Cause(open)
		})
		task.CancelScope(ctx, listErr{"name"})
		return nil
	})
	assert.Equal(t, task.Canceled, loop.State())
	var canceled *task.CanceledError
	assert.ErrorAs(t, err, &canceled)
	assert.Equal(t, listErr{"name"}, canceled.Cause)
}
