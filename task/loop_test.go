package task_test

import (
	"context"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/members"
	"github.com/heirloom-go/heirloom/task"
)

// listed is a set of tasks as package members has it, with no callback on any.
type listed []any

var _ members.Set = (*listed)(nil)

func (l *listed) Has(task any) bool  { return slices.Contains(*l, task) }
func (l *listed) All() iter.Seq[any] { return slices.Values(*l) }

// A member of a set closes a cycle before anything is hung on it, as one may that
// another task starts while the loop waits.
func TestMemberThatNothingHangsOnClosesACycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer time.AfterFunc(time.Hour, stop).Stop()
		var set listed
		var loop *task.Task[struct{}]
		ready := make(chan struct{})
		member := task.Start(ctx, func(ctx context.Context) error {
			<-ready
			time.Sleep(time.Second)
			_, err := loop.Await(ctx)
			return err
		}, members.Started(func(t any) { set = append(set, t) }).(task.Option))
		loop = task.Start(ctx, func(ctx context.Context) error {
			return members.Wait(ctx, &set, member.Done())
		})
		close(ready)
		_, err := member.Await(t.Context())
		assert.ErrorIs(t, err, task.ErrDeadlock)
		_, err = loop.Await(t.Context())
		assert.NoError(t, err)
	})
}
