package task

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// When a task has ended, what it started is in the node that the task was in, and not in
// forks any more.
func TestForksMoveUp(t *testing.T) {
	for _, tt := range []struct {
		name    string
		opts    []Option
		reached bool // by the cancellation of the outer task
	}{
		{"attached", nil, true},
		{"shielded", []Option{Shielded()}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var children []*Task[struct{}]
				outer := Start(t.Context(), func(ctx context.Context) error {
					inner := Start(ctx, func(ctx context.Context) error {
						Fork(ctx)
						children = sleepy(ctx, 1)
						return nil
					}, tt.opts...)
					_, _ = inner.Await(ctx)
					forks, others := listed(nodeOf(ctx))
					assert.Zero(t, forks)
					assert.Equal(t, 1, others)
					assert.Zero(t, inner.first)
					<-ctx.Done()
					return nil
				})
				synctest.Wait()
				child := children[0]
				assert.Equal(t, Handle(outer), child.Parent())
				for _, info := range Snapshot().Tasks {
					if info.ID == child.ID() {
						assert.Equal(t, outer.ID(), info.Parent)
						assert.Equal(t, 1, info.Depth)
					}
				}

				outer.Cancel(errors.New("enough"))
				synctest.Wait()
				assert.Equal(t, Succeeded, outer.State())
				assert.Equal(t, tt.reached, child.State() == Canceled)
				child.Cancel(nil)
				synctest.Wait()
				assert.Nil(t, child.Parent())
				for i := range roots {
					forks, _ := listed(&roots[i])
					assert.Zero(t, forks)
				}
			})
		})
	}
}

// However many tasks start their own successors, forks are in no others.
func TestForksOfSuccessors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := Start(t.Context(), func(outer context.Context) error {
			Fork(outer)
			last, hold := make(chan *node), make(chan struct{})
			var succeed func(ctx context.Context, left int)
			succeed = func(ctx context.Context, left int) {
				Start(ctx, func(ctx context.Context) error {
					if left == 0 {
						last <- nodeOf(ctx)
						<-hold
						return nil
					}
					Fork(ctx)
					succeed(ctx, left-1)
					return nil
				})
			}
			succeed(outer, 20)
			n := <-last
			synctest.Wait() // all others have ended
			list := n.parent.Load()
			assert.True(t, list.is(isFork))
			assert.Same(t, nodeOf(outer), list.parent.Load())
			close(hold)
			return nil
		}).Await(t.Context())
		assert.NoError(t, err)
	})
}

// A fork whose last child has left may be dropped with its node before the goroutine of
// that child gets to it.
func TestForkIsDroppedOnce(t *testing.T) {
	var p, n node
	n.id, n.attached = 1, true
	n.parent.Init(&p)
	p.push(&n)
	n.fork()
	f := &n.aside.forks[0]
	c := &node{id: 2, attached: true}
	c.parent.Init(f)
	f.push(c)
	n.unfork()
	n.moveUp(&p)
	assert.Same(t, &p, c.in())
	assert.Nil(t, f.parent.Load())
	assert.Nil(t, f.first)
	assert.Nil(t, f.lockParent())
	assert.Same(t, &p, c.lockParent())
	c.leaveTree(&p)
	assert.Same(t, &n, p.first)
	assert.Same(t, &n, p.last)
}
