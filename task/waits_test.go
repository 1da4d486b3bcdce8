package task_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// picture returns the rows of a Snapshot by name.
func picture() (task.Tree, map[string]task.Info) {
	tree := task.Snapshot()
	rows := make(map[string]task.Info)
	for _, info := range tree.Tasks {
		rows[info.Name] = info
	}
	return tree, rows
}

// Each kind of wait has its edges.
func TestWaitsFor(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		sleep := func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }
		x := task.Go(ctx, sleep, task.Name("x"))
		y := task.Go(ctx, sleep, task.Name("y"), task.Timeout(time.Minute))
		ended := task.Go(ctx, func(context.Context) (int, error) { return 0, nil })
		_, _ = ended.Await(ctx)
		task.Start(ctx, func(ctx context.Context) error { _, err := x.Await(ctx); return err }, task.Name("one"))
		task.Start(ctx, func(ctx context.Context) error {
			_, _, err := task.Wait(ctx, task.AllCompleted, x, ended, y)
			return err
		}, task.Name("all"))
		task.Start(ctx, func(ctx context.Context) error {
			return task.Group(ctx, func(ctx context.Context) error {
				task.Go(ctx, sleep, task.Name("child"))
				task.SetTimeout(ctx, time.Second)
				return nil
			}, task.Name("group"))
		}, task.Name("outside"))
		task.Start(ctx, func(ctx context.Context) error {
			_, err := gather.All(ctx, sleep, sleep)
			return err
		}, task.Name("gathers"))
		task.Start(ctx, func(ctx context.Context) error {
			for range task.AsCompleted(ctx, x, ended, y) {
			}
			return nil
		}, task.Name("rest"))
		many := make([]task.Handle, 50)
		for i := range many {
			many[i] = task.Go(ctx, sleep)
		}
		task.Start(ctx, func(ctx context.Context) error {
			_, _, err := task.Wait(ctx, task.FirstCompleted, many...)
			return err
		}, task.Name("many"))
		synctest.Wait()

		tree, rows := picture()
		assert.Equal(t, []uint64{x.ID()}, rows["one"].WaitsFor)
		assert.Equal(t, []uint64{x.ID(), y.ID()}, rows["all"].WaitsFor, "one has ended")
		assert.Equal(t, []uint64{x.ID(), y.ID()}, rows["rest"].WaitsFor, "one was taken")
		assert.Equal(t, []uint64{rows["group"].ID}, rows["outside"].WaitsFor)
		assert.Equal(t, task.Waiting, rows["group"].State)
		assert.Equal(t, []uint64{rows["child"].ID}, rows["group"].WaitsFor)
		assert.Equal(t, []uint64{rows["gather.All"].ID}, rows["gathers"].WaitsFor)
		assert.Equal(t, "gather.All (0 of 2 jobs done, 2 running)", rows["gathers"].Waiting)
		assert.Len(t, rows["many"].WaitsFor, 32)
		assert.Equal(t, 18, rows["many"].WaitsForMore)
		assert.Empty(t, rows["x"].WaitsFor)

		assert.Zero(t, rows["x"].Deadline)
		assert.Equal(t, time.Now().Add(time.Minute), rows["y"].Deadline)
		assert.Equal(t, time.Now().Add(time.Second), rows["group"].Deadline, "by SetTimeout")
		assert.Equal(t, rows["outside"].Depth+1, rows["group"].Depth)
		assert.Contains(t, rows["x"].Function, "task_test.TestWaitsFor")
		for _, info := range tree.Tasks {
			assert.False(t, info.Deadlock, info.Name)
		}

		var text strings.Builder
		require.NoError(t, tree.Write(&text))
		assert.Contains(t, withoutIDs(text.String()), "for several tasks (#N, #N)\n")
		assert.Contains(t, withoutIDs(text.String()), "(#N, #N, #N, #N and 46 more)\n")
		assert.Contains(t, withoutIDs(text.String()), "for sleep  deadline in 1m0s\n")
		for _, h := range many {
			h.Cancel(nil)
		}
		x.Cancel(nil)
		y.Cancel(nil)
	})
}

func TestDeadlineOfAGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		_ = task.Group(ctx, func(context.Context) error {
			_, rows := picture()
			assert.Equal(t, time.Now().Add(time.Minute), rows["limited"].Deadline)
			return nil
		}, task.Name("limited"), task.Timeout(time.Minute))
	})
}

// Tasks that wait for each other are marked as one cycle, also through Groups and waits
// for several tasks. Tasks that only wait for a task in the cycle, and tasks that may
// go on, are not marked.
func TestCycles(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		// Each wait has a deadline nearer than its task's, because it would otherwise get
		// an error.
		limited, stop := context.WithTimeout(ctx, time.Minute)
		defer stop()
		var a, b, c, d, e *task.Task[none]
		ready := make(chan none)
		start := func(name string, wait func()) *task.Task[none] {
			return task.Start(ctx, func(context.Context) error { <-ready; wait(); return nil }, task.Name(name))
		}
		sleeper := task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Minute) })
		a = start("a", func() { _, _, _ = task.Wait(limited, task.AllCompleted, sleeper, b) })
		b = start("b", func() { _, _ = c.Await(limited) })
		c = task.Start(ctx, func(ctx context.Context) error {
			return task.Group(ctx, func(ctx context.Context) error {
				task.Start(ctx, func(context.Context) error {
					<-ready
					_, _ = a.Await(limited)
					return nil
				}, task.Name("part"))
				return nil
			}, task.Name("group"))
		}, task.Name("c"))
		start("behind", func() { _, _ = a.Await(limited) })
		d = start("d", func() { _, _ = e.Await(limited) })
		e = start("e", func() { _, _, _ = task.Wait(limited, task.FirstCompleted, d, sleeper) })
		close(ready)
		synctest.Wait()

		_, rows := picture()
		for _, name := range []string{"a", "b", "c", "group", "part"} {
			assert.True(t, rows[name].Deadlock, name)
			assert.Equal(t, a.ID(), rows[name].Cycle, name)
		}
		for _, name := range []string{"behind", "d", "e"} {
			assert.False(t, rows[name].Deadlock, name)
			assert.Zero(t, rows[name].Cycle, name)
			assert.NotEmpty(t, rows[name].WaitsFor, name)
		}
		_, _ = sleeper.Await(ctx)
	})
}

// A Run with a function that has ended waits for the tasks that it cancelled, and is
// counted as waiting.
func TestEndingRunWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		hold := make(chan none)
		run := task.Start(ctx, func(ctx context.Context) error {
			_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
				task.Start(ctx, func(context.Context) error { <-hold; return nil }, task.Name("deaf"))
				return none{}, nil
			}, task.Name("ending"))
			return err
		})
		synctest.Wait()
		tree, rows := picture()
		assert.Equal(t, task.Waiting, rows["ending"].State)
		assert.Equal(t, "what it started", rows["ending"].Waiting)
		assert.Equal(t, []uint64{rows["deaf"].ID}, rows["ending"].WaitsFor)
		states := map[task.State]int{task.Running: 0, task.Waiting: 0, task.Queued: 0}
		for _, info := range tree.Tasks {
			if info.Kind == task.KindTask {
				states[info.State]++
			}
		}
		assert.Equal(t, states, tree.States)
		close(hold)
		_, err := run.Await(ctx)
		assert.NoError(t, err)
	})
}
