package task_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A hostileCtx is a context of a user's type. Its methods do what they like once it has
// ended. Its channel is its own, too.
type hostileCtx struct {
	context.Context
	done chan struct{}
	once sync.Once
	do   atomic.Pointer[func()] // what the methods also do
}

func newHostileCtx(ctx context.Context) *hostileCtx {
	return &hostileCtx{Context: ctx, done: make(chan struct{})}
}

// end ends c. From then on, each of its methods calls do.
func (c *hostileCtx) end(do func()) {
	c.do.Store(&do)
	c.once.Do(func() { close(c.done) })
}

func (c *hostileCtx) act() {
	if do := c.do.Load(); do != nil {
		(*do)()
	}
}

func (c *hostileCtx) Done() <-chan struct{} { return c.done }

func (c *hostileCtx) Err() error {
	c.act()
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func (c *hostileCtx) Deadline() (time.Time, bool) {
	c.act()
	return time.Time{}, false
}

// soon fails if f does not return within a time that is long for a function that never
// waits. It does not use a bubble's time, because a goroutine that waits for a mutex
// stops that clock.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	returned := make(chan struct{})
	go func() { defer close(returned); f() }()
	select {
	case <-returned:
	case <-time.After(time.Minute):
		buf := make([]byte, 1<<20)
		t.Fatalf("%s hangs:\n%s", what, buf[:runtime.Stack(buf, true)])
	}
}

var errHostile = errors.New("hostile")

// The things that the methods of a hostileCtx do, with the ctx of a Group and a task in
// it. release is closed at the end of the test.
var hostilities = map[string]func(ctx context.Context, t task.Handle, release chan struct{}){
	"panics":   func(context.Context, task.Handle, chan struct{}) { panic(errHostile) },
	"exits":    func(context.Context, task.Handle, chan struct{}) { runtime.Goexit() },
	"blocks":   func(_ context.Context, _ task.Handle, release chan struct{}) { <-release },
	"snapshot": func(context.Context, task.Handle, chan struct{}) { task.Snapshot() },
	"cancels":  func(_ context.Context, t task.Handle, _ chan struct{}) { t.Cancel(errHostile) },
	"cancels the Group": func(ctx context.Context, _ task.Handle, _ chan struct{}) {
		task.CancelScope(ctx, errHostile)
	},
	"starts": func(ctx context.Context, _ task.Handle, _ chan struct{}) {
		task.Start(ctx, func(context.Context) error { return nil })
	},
	"asks itself": func(ctx context.Context, _ task.Handle, _ chan struct{}) { _ = ctx.Err() },
}

// Whatever the methods of a ctx do, they affect only the task that was given the ctx.
// Tasks around it can be cancelled, are found and end as usual.
func TestHostileCtxHurtsItsOwnTaskOnly(t *testing.T) {
	for name, hostility := range hostilities {
		t.Run(name, func(t *testing.T) {
			var bad, good *task.Task[none]
			release := make(chan struct{})
			groupEnded := make(chan error, 1)
			ready := make(chan context.Context, 1)
			go func() {
				groupEnded <- task.Group(context.Background(), func(ctx context.Context) error {
					c := newHostileCtx(ctx)
					running := make(chan none)
					bad = task.Start(c, func(ctx context.Context) error {
						close(running)
						<-release
						return ctx.Err()
					}, task.Name("bad"))
					good = task.Start(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, task.Name("good"))
					<-running
					c.end(func() { hostility(ctx, bad, release) })
					ready <- ctx
					return nil
				})
			}()
			ctx := <-ready
			soon(t, "Snapshot", func() { assert.GreaterOrEqual(t, len(task.Snapshot().Tasks), 3) })
			soon(t, "Cancel of it", func() { bad.Cancel(errMine) })
			soon(t, "CancelScope", func() { task.CancelScope(ctx, errMine) })
			soon(t, "the other task", func() { <-good.Done() })
			assert.ErrorIs(t, good.Err(), context.Canceled)
			close(release)
			soon(t, "the Group", func() {
				err := <-groupEnded
				assert.Error(t, err)
				_ = bad.Err()
			})
			assert.True(t, bad.State().Final())
		})
	}
}

// The same for a Group with such a ctx. The end of the Group looks whether the ctx is
// done.
func TestEndOfAGroupWithAHostileCtx(t *testing.T) {
	for name, hostility := range hostilities {
		if name == "blocks" {
			continue // it is the Group's own
		}
		t.Run(name, func(t *testing.T) {
			soon(t, "the Group", func() {
				c := newHostileCtx(context.Background())
				child := make(chan none)
				err := task.Group(c, func(ctx context.Context) error {
					t := task.Start(ctx, func(ctx context.Context) error {
						<-child
						return nil
					})
					c.end(func() { hostility(ctx, t, nil) })
					close(child)
					return nil
				})
				assert.Error(t, err)
			})
			soon(t, "Snapshot", func() { task.Snapshot() })
		})
	}
}

// If a ctx panics when it is asked why it is done, that is an error of the task that
// was given the ctx.
func TestPanicOfACtxIsTheCause(t *testing.T) {
	c := newHostileCtx(t.Context())
	tk := task.Start(c, func(ctx context.Context) error {
		c.end(func() { panic(errHostile) })
		<-ctx.Done()
		assert.Same(t, ctx.Err(), ctx.Err())
		return ctx.Err()
	}, task.Name("mine"))
	soon(t, "Await", func() {
		_, err := tk.Await(context.Background())
		var ce *task.CanceledError
		require.ErrorAs(t, err, &ce)
		assert.Equal(t, "mine", ce.Task)
		var pe *task.PanicError
		require.ErrorAs(t, ce.Cause, &pe)
		assert.ErrorIs(t, err, errHostile)
	})
}

// The search for a deadlock does not call the ctx with which another task waits.
func TestSearchAsksNoCtxOfOthers(t *testing.T) {
	for _, name := range []string{"panics", "blocks", "snapshot"} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			var a, b *task.Task[none]
			ready := make(chan none)
			a = task.Start(context.Background(), func(ctx context.Context) error {
				<-ready
				c := newHostileCtx(ctx)
				do := func() {
					if task.Current() != task.Handle(a) { // its own may ask
						hostilities[name](ctx, b, release)
					}
				}
				c.do.Store(&do)
				_, err := b.Await(c)
				return err
			})
			b = task.Start(context.Background(), func(ctx context.Context) error {
				<-ready
				for a.State() != task.Waiting {
					runtime.Gosched()
				}
				_, err := a.Await(ctx)
				return err
			})
			close(ready)
			soon(t, "the search", func() { <-b.Done() })
			assert.ErrorIs(t, b.Err(), task.ErrDeadlock)
			close(release)
			soon(t, "the other", func() { <-a.Done() })
			_ = a.Err()
		})
	}
}

// If a panic of its ctx ends a wait, nothing of the wait stays with the awaited task or
// with the places of its Group.
func TestWaitThatItsCtxEndsWithAPanic(t *testing.T) {
	soon(t, "the Group", func() {
		err := task.Group(context.Background(), func(ctx context.Context) error {
			release := make(chan none)
			awaited := task.Start(ctx, func(context.Context) error { <-release; return nil })
			waiter := task.Start(ctx, func(ctx context.Context) error {
				for range 3 {
					func() {
						defer func() { assert.NotNil(t, recover()) }()
						c := newHostileCtx(ctx)
						begun := false
						c.end(func() {
							if !begun { // it is asked for its deadline
								begun = true
								return
							}
							panic(errHostile)
						})
						_, _ = awaited.Await(c)
					}()
				}
				close(release)
				_, err := awaited.Await(ctx)
				return err
			})
			_, err := waiter.Await(ctx)
			// One at a time, as before.
			var at, most atomic.Int32
			for range 20 {
				task.Start(ctx, func(context.Context) error {
					most.Store(max(most.Load(), at.Add(1)))
					time.Sleep(time.Millisecond)
					at.Add(-1)
					return nil
				})
			}
			t.Cleanup(func() { assert.LessOrEqual(t, most.Load(), int32(2)) })
			return err
		}, task.Limit(2))
		assert.NoError(t, err)
	})
}

// A queued task leaves the queue when its ctx ends, whatever the ctx does.
func TestHostileCtxOfAQueuedTask(t *testing.T) {
	for name, hostility := range hostilities {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			soon(t, "the Group", func() {
				err := task.Group(context.Background(), func(ctx context.Context) error {
					free := make(chan none)
					task.Start(ctx, func(context.Context) error { <-free; return nil })
					c := newHostileCtx(ctx)
					queued := task.Start(c, func(context.Context) error { return nil })
					assert.Equal(t, task.Queued, queued.State())
					c.end(func() { hostility(ctx, queued, release) })
					if name == "blocks" {
						time.AfterFunc(10*time.Millisecond, func() { close(release) })
					}
					<-queued.Done()
					assert.Equal(t, task.Canceled, queued.State())
					close(free)
					return nil
				}, task.Limit(1))
				if name != "cancels the Group" {
					assert.NoError(t, err)
				}
			})
		})
	}
}

// A silentCtx is done, and does not say why.
type silentCtx struct{ context.Context }

func (silentCtx) Err() error            { return nil }
func (silentCtx) Done() <-chan struct{} { done := make(chan struct{}); close(done); return done }

// A ctx that is done without an error, or whose error comes later, counts as cancelled.
func TestWaitWithACtxThatDoesNotSayWhyItIsDone(t *testing.T) {
	ctx := silentCtx{context.Background()}
	never, complete := task.Promise[int](t.Context())
	defer complete(0, nil)
	for name, wait := range map[string]func() error{
		"Sleep": func() error { return task.Sleep(ctx, time.Hour) },
		"Await": func() error { _, err := never.Await(ctx); return err },
		"Wait":  func() error { _, _, err := task.Wait(ctx, task.AllCompleted, never); return err },
		"Until": func() error { return new(task.Members).Until(ctx, never.Done()) },
		"AsCompleted": func() (err error) {
			for _, err = range task.AsCompleted(ctx, never) {
			}
			return err
		},
	} {
		assert.ErrorIs(t, wait(), context.Canceled, name)
		_, err := task.Go(t.Context(), func(context.Context) (int, error) { return 0, wait() }).Await(t.Context())
		assert.ErrorIs(t, err, context.Canceled, name+" in a task")
	}
}
