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
func (l *listed) Len() int           { return len(*l) }
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

// counted is a set of very many, of which it counts how many are looked at.
type counted struct {
	listed
	looked int
}

func (c *counted) All() iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, t := range c.listed {
			if c.looked++; !yield(t) {
				return
			}
		}
	}
}

// A picture takes few of the tasks of a loop that waits for very many.
func TestPictureOfALoopOverVeryMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := task.Run(t.Context(), func(ctx context.Context) (struct{}, error) {
			set := new(counted)
			sleeper := task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) })
			set.listed = slices.Repeat(listed{sleeper}, 20_000)
			loop := task.Start(ctx, func(ctx context.Context) error { return members.Wait(ctx, set, sleeper.Done()) })
			synctest.Wait()
			set.looked = 0
			for _, info := range task.Snapshot(task.TreeMax(10)).Tasks {
				if info.ID == loop.ID() {
					assert.Equal(t, len(set.listed), len(info.WaitsFor)+info.WaitsForMore)
					assert.NotEmpty(t, info.WaitsFor)
				}
			}
			assert.LessOrEqual(t, set.looked, members.Few)
			assert.NotZero(t, set.looked)
			sleeper.Cancel(nil)
			return struct{}{}, nil
		})
		assert.NoError(t, err)
	})
}
