package task_test

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

//go:noinline
func stuckInHere(hold <-chan struct{}) { <-hold }

//go:noinline
func workerOfATask(hold <-chan struct{}) { <-hold }

// The stack of each task is found among those of many, with the goroutines that it
// started and without those of other tasks.
func TestStacks(t *testing.T) {
	hold := make(chan struct{})
	parked := func(function string, n int) bool {
		for _, stack := range strings.Split(allStacks(), "\n\n") {
			state, frames, _ := strings.Cut(stack, "\n")
			if strings.Contains(state, "[chan receive") && strings.Contains(frames, function+"(") {
				n--
			}
		}
		return n <= 0
	}
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		for range 200 {
			task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) })
		}
		stuck := task.Start(ctx, func(ctx context.Context) error {
			go func() { go workerOfATask(hold); workerOfATask(hold) }()
			task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) }, task.Name("child"))
			return task.Group(ctx, func(context.Context) error { stuckInHere(hold); return nil }, task.Name("group"))
		}, task.Name("stuck"))
		require.Eventually(t, func() bool { return parked("stuckInHere", 1) && parked("workerOfATask", 2) }, time.Minute, time.Millisecond)

		stacks := task.TakeStacks()
		stack, ok := stacks.Of(stuck.ID())
		require.True(t, ok)
		assert.Equal(t, "stuck", stack.Name)
		require.Len(t, stack.Goroutines, 3, "%v", stack)
		own := stack.Goroutines[0]
		assert.Contains(t, own.State, "chan receive")
		assert.Nil(t, own.CreatedBy)
		assert.Equal(t, "github.com/heirloom-go/heirloom/task_test.stuckInHere", own.Frames[0].Function)
		assert.True(t, strings.HasSuffix(own.Frames[0].File, "stack_test.go"), own.Frames[0].File)
		assert.Equal(t, 18, own.Frames[0].Line)
		last := own.Frames[len(own.Frames)-1].Function
		assert.Contains(t, last, "TestStacks", "what runs the task's function is left out")
		for _, worker := range stack.Goroutines[1:] {
			assert.Contains(t, worker.Frames[0].Function, "workerOfATask")
			require.NotNil(t, worker.CreatedBy)
			assert.Contains(t, worker.CreatedBy.Function, "TestStacks")
		}
		assert.Contains(t, stack.String(), "stuckInHere\n\t")
		assert.Contains(t, stack.String(), "created by ")

		for _, info := range task.Snapshot().Tasks {
			if info.Name == "group" {
				of, ok := stacks.Of(info.ID)
				assert.True(t, ok)
				assert.Equal(t, stuck.ID(), of.ID, "a Group runs in its task")
			}
		}
		_, ok = stacks.Of(1 << 60)
		assert.False(t, ok)

		text, err := json.Marshal(stack)
		require.NoError(t, err)
		var back task.Stack
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, stack, back)

		close(hold)
		_, err = stuck.Await(ctx)
		require.NoError(t, err)
		_, ok = stacks.Of(stuck.ID())
		assert.False(t, ok, "it has ended")
		return none{}, nil
	})
	require.NoError(t, err)
}

func allStacks() string {
	buf := make([]byte, 4<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// A queued task has no goroutine, and too many are counted.
func TestStacksOfNoneAndOfMany(t *testing.T) {
	hold := make(chan struct{})
	err := task.Group(t.Context(), func(ctx context.Context) error {
		running := task.Start(ctx, func(context.Context) error {
			for range 100 {
				go workerOfATask(hold)
			}
			stuckInHere(hold)
			return nil
		})
		queued := task.Start(ctx, func(context.Context) error { return nil })
		require.Eventually(t, func() bool { return strings.Contains(allStacks(), "stuckInHere") }, time.Minute, time.Millisecond)
		stacks := task.TakeStacks()
		stack, ok := stacks.Of(queued.ID())
		assert.True(t, ok)
		assert.Empty(t, stack.Goroutines)
		stack, ok = stacks.Of(running.ID())
		assert.True(t, ok)
		assert.Len(t, stack.Goroutines, 64)
		assert.Equal(t, 37, stack.Omitted)
		assert.Contains(t, stack.String(), "and 37 more goroutines")
		close(hold)
		return nil
	}, task.Limit(1))
	require.NoError(t, err)
}
