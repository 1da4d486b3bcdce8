package task

import (
	"cmp"
	"context"
	"time"
	"weak"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/inflight"
	"github.com/heirloom-go/heirloom/internal/latectx"
)

// A nodeCtx is the ctx of a task or a Group.
//
// Most tasks never use their ctx's Done channel, and should not pay for one;
// see package latectx, which holds the state of the ctx in the node.
//
// A nodeCtx is separate from the node because an error may refer to the ctx it
// came from, as that of an HTTP request does. If such an error is to be
// reported when the handle of its task is garbage, it must not keep the handle
// alive; see [node.releaseHandle].
type nodeCtx struct{ at gls.Ptr[node] }

var _ latectx.Ended = (*nodeCtx)(nil)

// hand returns n's ctx, for its function.
func (n *node) hand() *nodeCtx {
	c := new(nodeCtx)
	c.at.Init(n)
	return c
}

type nodeKey struct{}

// nodeOf returns the task or Group that ctx comes from, or nil.
func nodeOf(ctx context.Context) *node {
	if c, ok := ctx.(*nodeCtx); ok {
		return c.at.Load()
	}
	checkCtx(ctx)
	n, _ := ctx.Value(nodeKey{}).(*node)
	return n
}

// Deadline returns the nearest deadline of the ctx and those around it.
func (c *nodeCtx) Deadline() (time.Time, bool) {
	if base := c.at.Load().base(); base != nil {
		return base.Deadline()
	}
	return time.Time{}, false
}

func (c *nodeCtx) Done() <-chan struct{} { return c.at.Load().standard().Done() }

func (c *nodeCtx) Err() error { return c.at.Load().ctxErr() }

func (c *nodeCtx) Ended() bool { return c.at.Load().ctxEnded() }

func (c *nodeCtx) Why() (err, cause error) { n := c.at.Load(); return n.late.Cause(n.base()) }

func (c *nodeCtx) Base() context.Context { return c.at.Load().base() }

func (c *nodeCtx) Value(key any) any {
	n := c.at.Load()
	switch {
	case key == nodeKey{}:
		return n
	case gls.AsksVariables(key):
		return gls.Variables(key, n.ctx, (*gls.Env)(n.variables()))
	case latectx.AsksNearest(key):
		return c
	case latectx.IsCancelKey(key):
		if v := n.standard().Value(key); v != nil {
			return v
		}
	case key == inflight.Key{}:
		if t := n.task(); t != nil {
			return (*host)(t)
		}
		return nil
	}
	return n.ctx.Value(key)
}

// String returns the name of the task, for the text of a derived context.
func (c *nodeCtx) String() string { return "task.Context(" + c.at.Load().name() + ")" }

// ctxErr returns the Err of n's ctx. No lock may be held, because a ctx of the
// user's may be called.
func (n *node) ctxErr() error { return n.late.Err(n.base()) }

// ctxEnded reports whether n's ctx is done. Locks may be held.
func (n *node) ctxEnded() bool { return n.late.Ended(n.base()) }

// standard returns n's context of the standard library.
func (n *node) standard() context.Context { return n.late.Standard(n.base()) }

// variables returns the variables of n.
func (n *node) variables() *ctxvar.Context {
	if n.more != nil && n.more.vars != nil {
		return n.more.vars
	}
	return n.self.(owner).ownVars()
}

// cancellation returns the error and the cause of n's ctx, or nil and nil. If
// n's own limit passed and n was cancelled too, the cause is that of the
// cancellation, whichever came first. No lock may be held.
func (n *node) cancellation() (err, cause error) {
	err, cause = n.late.Cause(n.base())
	if err == nil || !n.timedOut(cause) {
		return err, cause
	}
	if outer := n.limit().outer; outer.Err() != nil {
		return err, context.Cause(outer)
	}
	n.mu.Lock()
	over := n.limit().over
	n.mu.Unlock()
	return err, cmp.Or(over, cause)
}

// timedOut reports whether cause is n's own limit.
func (n *node) timedOut(cause error) bool {
	if n.more == nil {
		return false
	}
	return n.more.ownLimit && cause == error(n.more.limit.err)
}

// ranOut reports whether cause is a limit of n's own, including one set by
// SetTimeout.
func (n *node) ranOut(cause error) bool {
	s := n.scope()
	if s == nil || n.timedOut(cause) {
		return n.timedOut(cause)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return s.moved != nil && cause == error(s.moved)
}

// releaseHandle makes c, the ctx of n, refer to another node instead of n, so that n can
// become garbage even if its error refers to the ctx. n is a task that has
// ended with an error which is to be reported when nobody can look at it any
// longer.
func (n *node) releaseHandle(c *nodeCtx) {
	s := &node{
		id: n.id, started: n.started, self: standIn{weak.Make(n)}, pc: n.pc,
		env: n.env, ctx: n.ctx, home: n.home, governed: n.governed,
	}
	if n.more != nil {
		more := *n.more
		more.members = nil
		s.more = &more
	}
	s.extra().vars = n.variables().Copy()
	s.status.Store(n.status.Load())
	s.late.Follow(&n.late)
	c.at.Store(s)
}

// A standIn is the self of the node to which the ctx of an ended task refers;
// see [node.releaseHandle].
type standIn struct{ task weak.Pointer[node] }

func (l standIn) handle() Handle {
	if n := l.task.Value(); n != nil {
		return n.self.(Handle)
	}
	return nil
}
