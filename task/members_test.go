package task_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

func TestMembers(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var m, other task.Members
		assert.Zero(t, m.Len())
		for range m.Tasks() {
			t.Error("there is none")
		}
		const n = 100
		var want []task.Handle
		for range n {
			want = append(want, task.Go(ctx, func(ctx context.Context) (int, error) {
				assert.True(t, m.Has(task.Current()), "from its beginning")
				return 0, task.Sleep(ctx, time.Minute)
			}, task.MemberOf(&m), task.MemberOf(&other), task.MemberOf(&m)))
		}
		stranger := task.Go(ctx, after(time.Minute, 1))
		assert.False(t, m.Has(stranger))
		assert.False(t, m.Has(new(task.Task[int])))
		assert.Equal(t, n, m.Len())
		assert.Equal(t, want, slices.Collect(m.Tasks()), "the oldest first")
		for range m.Tasks() {
			for range m.Tasks() { // none is in the way of another
				break
			}
		}
		// A loop leaves out tasks that end before it comes to them, and tasks that are
		// started during the loop.
		at := 0
		var came []task.Handle
		for h := range m.Tasks() {
			came = append(came, h)
			if at < n/2 { // two at a time, from the front and behind the loop
				want[at].Cancel(nil)
				want[n-1-at/2].Cancel(nil)
				task.Go(ctx, after(time.Second, 1), task.MemberOf(&m))
				synctest.Wait()
			}
			at++
		}
		assert.Equal(t, want[:n-n/4], came)
		assert.Equal(t, n-n/2-n/4+n/2, m.Len())
		assert.Equal(t, n-n/2-n/4, other.Len())
		assert.False(t, m.Has(want[0]))
		for h := range m.Tasks() {
			h.Cancel(nil)
		}
		synctest.Wait()
		assert.Zero(t, m.Len())
		assert.Zero(t, other.Len())
	})
}

// Only a task that is run is in a list, and a Group never is.
func TestMembersOfWhatIsNotRun(t *testing.T) {
	var ended []task.Handle
	m := task.Members{OnEnd: func(h task.Handle) {
		assert.True(t, h.State().Final())
		ended = append(ended, h)
	}}
	var over context.Context
	require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error { over = ctx; return nil }, task.MemberOf(&m)))
	late := task.Go(over, after(0, 1), task.MemberOf(&m))
	require.ErrorIs(t, late.Err(), task.ErrEnded)
	assert.Equal(t, []task.Handle{late}, ended)
	assert.False(t, m.Has(late))
	v, err := task.Run(t.Context(), func(context.Context) (int, error) { return m.Len(), nil }, task.MemberOf(&m))
	require.NoError(t, err)
	assert.Equal(t, 1, v, "the main of a Run is a task")
	assert.Len(t, ended, 2)
	assert.Zero(t, m.Len())
	assert.Panics(t, func() { task.MemberOf(nil) })
}

func TestUntil(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var m task.Members
		open, closed := make(chan struct{}), make(chan struct{})
		close(closed)
		done, stop := context.WithCancelCause(ctx)
		stop(errMine)
		member := task.Go(ctx, after(time.Minute, 1), task.MemberOf(&m), task.Name("member"))
		check := func(ctx context.Context) error {
			assert.NoError(t, m.Until(ctx, closed))
			assert.NoError(t, m.Until(done, closed), "as for Await")
			err := m.Until(done, open)
			var te *task.Error
			assert.ErrorAs(t, err, &te)
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, err, errMine)
			assert.Equal(t, "1 task", te.Task)
			limited, stop := context.WithTimeout(ctx, time.Second)
			defer stop()
			assert.ErrorIs(t, m.Until(limited, open), context.DeadlineExceeded)
			return nil
		}
		require.NoError(t, check(ctx))
		_, err := task.Start(ctx, check).Await(ctx)
		require.NoError(t, err)
		waiter := task.Start(ctx, func(ctx context.Context) error { return m.Until(ctx, open) }, task.Name("waiter"))
		synctest.Wait()
		_, rows := picture()
		assert.Equal(t, task.Waiting, rows["waiter"].State)
		assert.Equal(t, []uint64{member.ID()}, rows["waiter"].WaitsFor)
		waiter.Cancel(errMine)
		_, err = waiter.Await(ctx)
		require.ErrorIs(t, err, errMine)
		waiter = task.Start(ctx, func(ctx context.Context) error { return m.Until(ctx, open) })
		synctest.Wait()
		close(open)
		_, err = waiter.Await(ctx)
		require.NoError(t, err)
	})
}

// A job of a task in the list does not wait for that task, but for the others.
func TestUntilInAJobOfAMember(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var m task.Members
		done := make(chan struct{})
		member := task.Start(ctx, func(ctx context.Context) error {
			return gather.Each(ctx, []int{1}, func(ctx context.Context, _ int) error { return m.Until(ctx, done) })
		}, task.MemberOf(&m))
		synctest.Wait() // a goroutine that is no task is to close done
		close(done)
		_, err := member.Await(ctx)
		require.NoError(t, err)
	})
}

// In a Group with a Limit, a wait for tasks of the Group lends its place.
func TestUntilLendsItsPlace(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		require.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			var m task.Members
			done := make(chan struct{})
			task.Start(ctx, func(ctx context.Context) error {
				for range 2 {
					task.Start(ctx, func(context.Context) error {
						if m.Len() == 1 { // it is the last one
							close(done)
						}
						return nil
					}, task.MemberOf(&m))
				}
				return m.Until(ctx, done)
			})
			return nil
		}, task.Limit(1)))
	})
}

func TestPromiseOfMembersInTheTree(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var m task.Members
		p, complete := task.Promise[int](ctx, task.CompletedBy(&m), task.Name("promise"))
		worker := task.Go(ctx, after(time.Hour, 1), task.MemberOf(&m))
		synctest.Wait()
		_, rows := picture()
		assert.Equal(t, "its completion", rows["promise"].Waiting)
		assert.Equal(t, []uint64{worker.ID()}, rows["promise"].WaitsFor)
		complete(1, nil)
		_, _ = p.Await(ctx)
		worker.Cancel(nil)
	})
}
