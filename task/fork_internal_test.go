package task

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Fork gives the task or Group that ctx comes from forks, as if many goroutines had waited
// for its list.
func Fork(ctx context.Context) {
	n := nodeOf(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.crowded < crowd && n.takesForks() {
		n.crowded = crowd
		n.fork()
	}
}

// listed returns how many forks, and how many others, are in the list of n.
func listed(n *node) (forked, others int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := n.first; c != nil; c = c.next {
		if c.is(isFork) {
			forked++
		} else {
			others++
		}
	}
	return forked, others
}

// sleepy starts n tasks, each in another goroutine, that sleep until their ctx ends.
func sleepy(ctx context.Context, n int) (tasks []*Task[struct{}]) {
	for range n {
		var wg sync.WaitGroup
		wg.Go(func() {
			tasks = append(tasks, Start(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) }))
		})
		wg.Wait()
	}
	return tasks
}

func TestCrowdedNodesAreForked(t *testing.T) {
	wait := func(n *node) { n.lockList().mu.Unlock() }
	err := Group(t.Context(), func(ctx context.Context) error {
		n := nodeOf(ctx)
		for range crowd - 1 {
			wait(n)
		}
		assert.False(t, n.is(isForked), "not often enough")
		wait(n)
		require.True(t, n.is(isForked))
		list := n.lockList()
		defer list.mu.Unlock()
		assert.True(t, list.is(isFork))
		return nil
	})
	require.NoError(t, err)

	for range 2 * crowd {
		wait(root(1))
	}
	assert.False(t, root(1).is(isForked), "there are several roots")

	done := Start(t.Context(), func(context.Context) error { return nil })
	<-done.Done()
	for range 2 * crowd {
		wait(&done.node)
	}
	assert.False(t, done.is(isForked), "it gets no more children")
}

// What is in the forks of a node counts as what is in the node.
func TestForkedNodes(t *testing.T) {
	const n = 20
	synctest.Test(t, func(t *testing.T) {
		var children []*Task[struct{}]
		forked := Start(t.Context(), func(ctx context.Context) error {
			err := Group(ctx, func(ctx context.Context) error {
				children = sleepy(ctx, 2)
				Fork(ctx)
				children = append(children, sleepy(ctx, n)...)
				inForks, others := listed(nodeOf(ctx))
				assert.Equal(t, len(forks{}), inForks)
				assert.Equal(t, 2, others)
				return nil
			})
			return err
		}, Name("forked"))
		synctest.Wait()

		var group Info
		var seen []uint64
		for _, info := range Snapshot().Tasks {
			switch {
			case info.Parent == forked.ID():
				group = info
			case info.Parent == group.ID && group.ID != 0:
				seen = append(seen, info.ID)
				assert.Equal(t, group.Depth+1, info.Depth)
			}
		}
		var ids []uint64
		for _, c := range children {
			ids = append(ids, c.ID())
			assert.Equal(t, Handle(forked), c.Parent())
		}
		assert.Equal(t, ids, seen, "in the order in which they were started")
		assert.Equal(t, 1+1+len(children), func() (all int) {
			for range All() {
				all++
			}
			return all + 1 // the Group
		}())

		forked.Cancel(context.Canceled)
		_, err := forked.Await(t.Context())
		require.ErrorIs(t, err, context.Canceled)
		for _, c := range children {
			assert.Equal(t, Canceled, c.State())
			assert.Equal(t, Handle(nil), c.Parent(), "the node they were in has gone")
		}
	})
}

// A scope whose function has ended gets no forks, which it would wait for.
func TestNoForksWhileAScopeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := Group(t.Context(), func(group context.Context) error {
			Start(group, func(context.Context) error {
				synctest.Wait() // the Group waits
				Fork(group)
				Start(group, func(context.Context) error { return nil })
				return nil
			})
			return nil
		})
		assert.NoError(t, err)
	})
}

// An ended task that was in a fork still knows its parent, as long as that is live.
func TestParentOfWhatWasInAFork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		var first, second *Task[struct{}]
		outer := Start(t.Context(), func(ctx context.Context) error {
			inner := Start(ctx, func(ctx context.Context) error {
				Fork(ctx)
				first = Start(ctx, func(context.Context) error { return nil })
				_, _ = first.Await(ctx)
				assert.Equal(t, Handle(Current()), first.Parent())
				second = Start(ctx, func(context.Context) error { <-hold; return nil })
				return nil
			})
			_, _ = inner.Await(ctx)
			close(hold)
			_, err := second.Await(ctx)
			assert.Equal(t, Handle(Current()), second.Parent(), "it moved up")
			assert.Nil(t, first.Parent())
			return err
		})
		_, err := outer.Await(t.Context())
		assert.NoError(t, err)
	})
}

// The forks of a node are visited after its ctx has ended. What is started in between
// begins with a ctx that has ended too.
func TestStartBeforeTheForksAreVisited(t *testing.T) {
	for _, tt := range []struct {
		name  string
		end   func(n *node)
		cause error
	}{
		{"cancelled", func(n *node) { n.cancelOwn(ErrNotReady) }, ErrNotReady},
		{"ended", func(n *node) {
			n.raise(isFinal)
			//lint:ignore SA1012 what has ended needs no base
			n.late.End(nil, ended)
		}, ErrEnded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Start(t.Context(), func(ctx context.Context) error {
				Fork(ctx)
				n := nodeOf(ctx)
				n.mu.Lock()
				tt.end(n)
				n.mu.Unlock()
				_, err := Start(ctx, func(ctx context.Context) error { return context.Cause(ctx) }).Await(context.WithoutCancel(ctx))
				assert.ErrorIs(t, err, tt.cause)
				return nil
			}).Await(context.Background())
			assert.NoError(t, err)
		})
	}
}

// A goroutine that waits for a task in a fork stops waiting when its own ctx ends.
func TestWaitElsewhereForWhatIsInAFork(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(parent *Task[struct{}], finish func())
		err  error
	}{
		{"cancelled", func(parent *Task[struct{}], _ func()) { parent.Cancel(context.Canceled) }, context.Canceled},
		{"ended", func(_ *Task[struct{}], finish func()) { finish() }, ErrEnded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end, finish := context.WithCancel(context.Background())
				hold := make(chan struct{})
				var waited error
				parent := Start(t.Context(), func(ctx context.Context) error {
					Fork(ctx)
					child := Start(ctx, func(context.Context) error { <-hold; return nil })
					go func() { _, waited = child.Await(ctx) }()
					<-end.Done()
					return nil
				})
				synctest.Wait()
				require.NoError(t, waited)
				tt.end(parent, finish)
				synctest.Wait()
				assert.ErrorIs(t, waited, tt.err)
				finish()
				close(hold)
			})
		})
	}
}
