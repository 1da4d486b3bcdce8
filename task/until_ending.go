package task

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/latectx"
)

// UntilEnding returns a ctx for the waits of a loop: it descends from ctx, and also
// ends when the [Group] or [Run] that ctx comes from accepts no more tasks. Its
// [context.Cause] then wraps [ErrCanceling], or [ErrEnded], and the cause of the
// scope's cancellation. Call stop when the loop ends, to release what the ctx uses.
//
//	poll := context.WithoutCancel(ctx) // a poll that has begun is not interrupted
//	open, stop := task.UntilEnding(poll)
//	defer stop()
//	for task.Sleep(open, time.Minute) == nil {
//		check(poll)
//	}
//	return context.Cause(open)
//
// It is for loops whose ctx does not end with the scope, because of [Shielded] or
// [context.WithoutCancel]: a loop that goes on keeps its scope from ending, as a task
// would that starts its own successor. The loops of packages supervise and periodic
// end in this way. A task that returns the cause counts as cancelled with its scope.
//
// A scope that is cancelled is not ending while its body still runs. If ctx comes
// from no Group or Run, the new ctx only ends with ctx or with stop.
func UntilEnding(ctx context.Context) (open context.Context, stop context.CancelFunc) {
	n := nodeOf(ctx)
	c := &openCtx{Context: latectx.Base(ctx, call)}
	unregister := func() bool { return false }
	if n != nil {
		if c.scope = n.within(); c.scope != nil {
			unregister = c.scope.onEnding(c.look)
			c.look()
		}
	}
	return c, func() {
		unregister()
		c.late.Cancel(c.Context, nil)
	}
}

// An openCtx is a ctx that ends when a scope is ending.
type openCtx struct {
	context.Context        // its base
	scope           *scope // or nil
	late            latectx.Late
}

var _ latectx.Ended = (*openCtx)(nil)

// look ends c if its scope is ending.
func (c *openCtx) look() {
	if c.scope == nil || c.Ended() {
		return
	}
	n := c.scope.node.Load() // before refuses: the node of a scope that is ending holds the cause
	if why := c.scope.refuses(); why != nil {
		c.late.Cancel(c.Context, c.scope.refusal(why, n))
	}
}

func (c *openCtx) Done() <-chan struct{} { return c.late.Standard(c.Context).Done() }

// Err looks at the scope itself: in the goroutine that has just cancelled the scope,
// c has ended too.
func (c *openCtx) Err() error {
	c.look()
	return c.late.Err(c.Context)
}

func (c *openCtx) Ended() bool             { return c.late.Ended(c.Context) }
func (c *openCtx) Why() (err, cause error) { return c.late.Cause(c.Context) }
func (c *openCtx) Base() context.Context   { return c.Context }

func (c *openCtx) Value(key any) any {
	switch {
	case latectx.AsksNearest(key):
		return c
	case latectx.IsCancelKey(key):
		if v := c.late.Standard(c.Context).Value(key); v != nil {
			return v
		}
	}
	return c.Context.Value(key)
}

// An endSignal has the context that ends when a scope begins to end.
type endSignal struct {
	open   context.Context // ends then
	end    context.CancelFunc
	ignore func() bool // ignores the end of the scope's ctx, which may begin the scope's end
}

// onEnding calls f, in a goroutine of its own, when s is ending, unless stop is called
// before.
func (s *scope) onEnding(f func()) (stop func() bool) {
	e := s.endSignal(s.node.Load())
	if e == nil {
		return func() bool { return false }
	}
	return context.AfterFunc(e.open, f)
}

// endSignal returns the endSignal of s, or nil if s has ended. n is the node of s, or nil.
func (s *scope) endSignal(n *node) *endSignal {
	if n == nil {
		return nil
	}
	ctx := n.standard() // with no lock held: it may ask a ctx of the user's
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.flags()&isClosed != 0 {
		return nil
	}
	if s.signal == nil {
		e := new(endSignal)
		e.open, e.end = context.WithCancel(context.Background())
		e.ignore = context.AfterFunc(ctx, func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			if s.flags()&isOver != 0 { // otherwise close will find that the ctx has ended
				e.end()
			}
		})
		if s.flags()&isShut != 0 {
			e.end()
		}
		s.signal = e
	}
	return s.signal
}
