package task

import (
	"context"
	"errors"
	"time"
)

// A nodeCtx is the ctx of a task or a Group: a node, seen as a context.Context.
//
// Most tasks never look at their ctx's Done channel, and those should not pay
// for one. So a node only notes that it is cancelled, and makes a context of
// the standard library's, std, when somebody asks for what only such a one can
// give: the channel, and what context.WithCancel and context.Cause look up by a
// key of their own. From then on that context is the one that counts.
type nodeCtx node

var _ context.Context = (*nodeCtx)(nil)

func (c *nodeCtx) node() *node { return (*node)(c) }

// Deadline returns the nearest deadline around, whoever set it.
func (c *nodeCtx) Deadline() (time.Time, bool) {
	if c.base == nil {
		return time.Time{}, false
	}
	return c.base.Deadline()
}

func (c *nodeCtx) Done() <-chan struct{} { return c.node().standard().Done() }

func (c *nodeCtx) Err() error {
	n := c.node()
	switch flags := n.flags.Load(); {
	case flags&hasStd != 0:
		return n.std.Err()
	case flags&(isCanceled|isFinal) != 0:
		return context.Canceled
	case n.base != nil:
		return n.base.Err()
	}
	return nil
}

func (c *nodeCtx) Value(key any) any {
	switch {
	case key == nodeKey{}:
		return c.node()
	case key == cancelKey || cancelKey == nil:
		if v := c.node().standard().Value(key); v != nil {
			return v
		}
	}
	return c.ctx.Value(key)
}

// String names the task in the text of a derived context.
func (c *nodeCtx) String() string { return "task.Context(" + c.node().name() + ")" }

// standard returns n's std, making it if need be.
func (n *node) standard() context.Context {
	if !n.is(hasStd) {
		n.materialise()
	}
	return n.std
}

func (n *node) materialise() {
	base := n.base
	if base == nil {
		base = context.Background()
	}
	// Before the lock: base may descend from an ancestor's ctx, whose lock must
	// not be taken after n's.
	std, cancel := context.WithCancelCause(base)
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.is(hasStd):
		cancel(nil) // somebody was faster
		return
	case n.is(isCanceled):
		cancel(n.cause)
	case n.is(isFinal):
		cancel(ErrEnded)
	}
	n.std, n.stdCancel = std, cancel
	n.raise(hasStd)
}

// cancellation returns the error and the cause of n's ctx, or nil and nil.
func (n *node) cancellation() (err, cause error) {
	if err = (*nodeCtx)(n).Err(); err == nil {
		return nil, nil
	}
	switch {
	case n.is(hasStd):
		cause = context.Cause(n.std)
	case n.is(isCanceled):
		cause = n.cause
	case n.base != nil:
		cause = context.Cause(n.base)
	default:
		cause = err
	}
	return err, cause
}

// isCancellation reports whether err is how a function says that its ctx, with
// the given error and cause, ended it.
func isCancellation(err, ctxErr, cause error) bool {
	return ctxErr != nil && (errors.Is(err, ctxErr) || errors.Is(err, cause))
}

// cancelKey is the key under which the standard library's contexts find the
// nearest of their own kind, learnt from what context.Cause asks for. If a Go
// release stops asking, it is nil, and Value asks std first whatever the key.
var cancelKey = learnCancelKey()

func learnCancelKey() any {
	a := asked{Context: context.Background()}
	_ = context.Cause(&a)
	return a.key
}

// asked is a cancelled context that remembers the key it was last asked for.
type asked struct {
	context.Context
	key any
}

func (*asked) Err() error { return context.Canceled }

func (a *asked) Value(key any) any {
	a.key = key
	return nil
}
