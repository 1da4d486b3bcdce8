package task_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/inflight"
	"github.com/heirloom-go/heirloom/task"
)

// A namedCall is the view of a call without jobs.
type namedCall string

func (c namedCall) Counts() (string, int, int, int) { return string(c), 0, 0, 0 }

// Calls may begin and end in any order, if a task makes them in several goroutines.
func TestCallsOfATask(t *testing.T) {
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		host := inflight.Of(ctx)
		shown := func(opts ...task.ViewOption) (calls []string, omitted int) {
			tree := task.Snapshot(opts...)
			for _, i := range tree.Tasks {
				if i.Kind == task.KindCall {
					calls = append(calls, i.Name)
				}
			}
			return calls, tree.Omitted
		}
		calls := map[string]*inflight.Call{}
		for _, step := range []struct {
			enter, leave string
			want         []string // the newest first
		}{
			{enter: "a", want: []string{"a"}},
			{enter: "b", want: []string{"b", "a"}},
			{enter: "c", want: []string{"c", "b", "a"}},
			{leave: "b", want: []string{"c", "a"}},
			{enter: "d", want: []string{"d", "c", "a"}},
			{leave: "d", want: []string{"c", "a"}},
			{leave: "a", want: []string{"c"}},
			{enter: "e", want: []string{"e", "c"}},
			{leave: "c", want: []string{"e"}},
			{leave: "e"},
			{enter: "f", want: []string{"f"}},
			{leave: "f"},
		} {
			if step.enter != "" {
				calls[step.enter] = &inflight.Call{View: namedCall(step.enter)}
				host.Enter(calls[step.enter])
			} else {
				host.Leave(calls[step.leave])
			}
			all, omitted := shown()
			assert.Equal(t, step.want, all)
			assert.Zero(t, omitted)
			for most := 1; most < len(step.want); most++ {
				some, omitted := shown(task.TreeMax(most)) // of calls, and of tasks
				assert.Len(t, some, most)
				assert.Equal(t, len(step.want)-most, omitted)
			}
		}
		return none{}, nil
	})
	require.NoError(t, err)
}

func TestJobsString(t *testing.T) {
	assert.Equal(t, "1 of 3 jobs done, 2 running", (&task.Jobs{Done: 1, Running: 2, Total: 3}).String())
	assert.Equal(t, "0 of 0 jobs done, 0 running", new(task.Jobs).String())
	assert.Equal(t, "1 jobs done, 2 running", (&task.Jobs{Done: 1, Running: 2, Total: -1}).String())
}

// The counts of tasks in each state are those of the tree.
func TestStatesOfAGroupWithALimit(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		before := task.Snapshot().States
		release := make(chan none)
		done := task.Start(ctx, func(ctx context.Context) error {
			return task.Group(ctx, func(ctx context.Context) error {
				for range 5 {
					task.Start(ctx, func(context.Context) error { <-release; return nil })
				}
				<-release
				return nil
			}, task.Limit(2))
		})
		sleeper := task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Second) })
		synctest.Wait()
		states := task.Snapshot().States
		grown := func(s task.State) int { return states[s] - before[s] }
		assert.Equal(t, 3, grown(task.Queued))
		assert.Equal(t, 1, grown(task.Waiting))
		assert.Equal(t, 3, grown(task.Running))
		close(release)
		_, err := done.Await(ctx)
		require.NoError(t, err)
		_, err = sleeper.Await(ctx)
		require.NoError(t, err)
		assert.Equal(t, before, task.Snapshot().States)
	})
}

// A limit that is moved at the moment at which it would have been reached counts, or it
// is too late for that; but nothing is cancelled because of a limit that was replaced.
func TestSetTimeoutAtTheLastMoment(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		for i := range 300 {
			_ = task.Group(ctx, func(ctx context.Context) error {
				task.SetTimeout(ctx, time.Second)
				time.Sleep(time.Second)
				for range i % 3 {
					runtime.Gosched()
				}
				moved := task.SetTimeout(ctx, time.Hour)
				synctest.Wait()
				assert.Equal(t, moved, ctx.Err() == nil)
				return nil
			})
		}
	})
}

// Only a cancellation because of the limit is a timeout.
func TestSetTimeoutBesideACancellation(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		child := task.Start(ctx, func(ctx context.Context) error {
			return task.Group(ctx, func(ctx context.Context) error {
				task.SetTimeout(ctx, time.Hour)
				return task.Sleep(ctx, 2*time.Hour)
			})
		})
		synctest.Wait()
		child.Cancel(errMine)
		_, err := child.Await(ctx)
		assert.ErrorIs(t, err, errMine)
		var timeout *task.TimeoutError
		assert.NotErrorAs(t, err, &timeout)
		assert.Equal(t, task.Canceled, child.State())
	})
}
