package task_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A goroutine that is no task awaits a child that goes on when it is cancelled.
func TestAwaitElsewhere(t *testing.T) {
	cause := errors.New("cause")
	type family struct {
		outer, parent, child, other *task.Task[struct{}]
		ctx                         context.Context // the parent's
		end                         func()          // of the parent
		called                      chan struct{}   // closed when its callbacks may return
		stop                        context.CancelCauseFunc
	}
	start := func(f *family, opts ...task.Option) {
		// The child waits longer than anything else here, whatever its ctx does.
		f.child = task.Start(f.ctx, func(context.Context) error { time.Sleep(time.Hour); return nil }, opts...)
	}
	for name, test := range map[string]struct {
		around bool // everything is started with a ctx that can be cancelled
		opts   []task.Option
		before func(f *family) // the wait begins
		ctx    func(f *family) context.Context
		after  func(f *family)
		want   error // nil: the wait goes on until the child has ended
	}{
		"nothing happens":             {},
		"the parent is cancelled":     {after: func(f *family) { f.parent.Cancel(cause) }, want: cause},
		"it was before":               {before: func(f *family) { f.parent.Cancel(cause) }, want: cause},
		"the task around it is":       {after: func(f *family) { f.outer.Cancel(cause) }, want: cause},
		"the parent ends":             {after: func(f *family) { f.end() }, want: task.ErrEnded},
		"the child is cancelled":      {after: func(f *family) { f.child.Cancel(cause) }},
		"it was cancelled before":     {before: func(f *family) { f.child.Cancel(cause) }},
		"first the child, then both":  {after: func(f *family) { f.child.Cancel(nil); synctest.Wait(); f.parent.Cancel(cause) }, want: cause},
		"the child is shielded":       {opts: []task.Option{task.Shielded()}, after: func(f *family) { f.parent.Cancel(cause) }, want: cause},
		"cancelled before, then both": {before: func(f *family) { f.child.Cancel(nil) }, after: func(f *family) { f.parent.Cancel(cause) }, want: cause},
		"the parent is in a callback": {before: func(f *family) {
			f.parent.OnDone(func(*task.Task[struct{}]) { <-f.called })
			f.end()
			synctest.Wait()
		}, want: task.ErrEnded},
		"the ctx around them ends": {around: true, after: func(f *family) { f.stop(cause) }, want: cause},
		"with the ctx of another": {ctx: func(f *family) context.Context {
			got := make(chan context.Context)
			f.other = task.Start(f.ctx, func(ctx context.Context) error { got <- ctx; <-ctx.Done(); return nil })
			return <-got
		}, after: func(f *family) { f.other.Cancel(cause) }, want: cause},
		"with values added":          {ctx: func(f *family) context.Context { return context.WithValue(f.ctx, cause, 1) }, after: func(f *family) { f.parent.Cancel(cause) }, want: cause},
		"with a ctx that never ends": {ctx: func(*family) context.Context { return context.Background() }, after: func(f *family) { f.outer.Cancel(cause) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := family{called: make(chan struct{})}
				around := context.Background()
				if test.around {
					around, f.stop = context.WithCancelCause(around)
				}
				born, ready, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
				f.end = sync.OnceFunc(func() { close(over) })
				f.outer = task.Start(around, func(ctx context.Context) error {
					f.parent = task.Start(ctx, func(ctx context.Context) error {
						f.ctx = ctx
						start(&f, test.opts...)
						close(born)
						<-over
						return nil
					})
					<-born
					close(ready)
					<-over
					return nil
				})
				<-ready
				if test.before != nil {
					test.before(&f)
				}
				ctx := f.ctx
				if test.ctx != nil {
					ctx = test.ctx(&f)
				}
				began := time.Now()
				var took time.Duration
				var err error
				returned := make(chan struct{})
				go func() {
					defer close(returned)
					_, err = f.child.Await(ctx)
					took = time.Since(began)
				}()
				synctest.Wait()
				if test.after != nil {
					test.after(&f)
				}
				<-returned
				if test.want == nil {
					assert.NoError(t, err)
					assert.Equal(t, time.Hour, took)
				} else {
					assert.ErrorIs(t, err, test.want)
					assert.Zero(t, took)
				}
				f.end()
				close(f.called)
				_, _ = f.child.Await(t.Context())
			})
		})
	}
}

// However a parent ends while others begin to wait for its children with its ctx, each of
// the waits ends.
func TestAwaitElsewhereAsTheParentEnds(t *testing.T) {
	for i := range 500 {
		release := make(chan struct{})
		var wg sync.WaitGroup
		_, err := task.Run(t.Context(), func(ctx context.Context) (struct{}, error) {
			parent := task.Start(ctx, func(ctx context.Context) error {
				for range 3 {
					child := task.Start(ctx, func(context.Context) error { <-release; return nil })
					wg.Go(func() { _, _ = child.Await(ctx) })
				}
				if i%2 == 0 {
					task.CancelScope(ctx, nil)
				}
				return nil
			})
			if i%3 == 0 {
				parent.Cancel(nil)
			}
			_, _ = parent.Await(context.WithoutCancel(ctx))
			wg.Wait()
			close(release)
			return struct{}{}, nil
		})
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
}
