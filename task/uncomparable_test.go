package task_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
)

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
