package task

import (
	"context"
	"errors"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/unheard"
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
	if base := c.node().base(); base != nil {
		return base.Deadline()
	}
	return time.Time{}, false
}

func (c *nodeCtx) Done() <-chan struct{} { return c.node().standard().Done() }

func (c *nodeCtx) Err() error {
	n := c.node()
	switch flags := n.status.Load(); {
	case flags&hasStd != 0:
		return n.later.std.Err()
	case flags&(isCanceled|isFinal) != 0:
		return context.Canceled
	}
	if base := n.base(); base != nil {
		return base.Err()
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
	case key == gls.CarrierKey{}:
		return (*gls.Env)(c.node().variables())
	case gls.PprofKey(key):
		return gls.Answer(c.ctx.Value(key))
	case key == unheard.Key{}:
		n := c.node()
		return func(err error) { n.env.report(n.info(), err) }
	}
	return c.ctx.Value(key)
}

// String names the task in the text of a derived context.
func (c *nodeCtx) String() string { return "task.Context(" + c.node().name() + ")" }

// variables returns those of n.
func (n *node) variables() *ctxvar.Context {
	if n.more != nil && n.more.vars != nil {
		return n.more.vars
	}
	return n.self.(owner).ownVars()
}

// standard returns n's std, making it if need be.
func (n *node) standard() context.Context {
	if !n.is(hasStd) {
		n.materialise()
	}
	return n.later.std
}

func (n *node) materialise() {
	base := n.base()
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
		cancel(n.later.cause)
	case n.is(isFinal):
		cancel(ErrEnded)
	}
	l := n.late()
	l.std, l.cancel = std, cancel
	n.raise(hasStd)
}

// cancellation returns the error and the cause of n's ctx, or nil and nil. If
// n's own limit passed and n was cancelled from further out as well, the cause
// is the one from further out, whichever came first.
func (n *node) cancellation() (err, cause error) {
	if err = (*nodeCtx)(n).Err(); err == nil {
		return nil, nil
	}
	if l := n.limit(); l != nil && l.outer.Err() != nil {
		return err, context.Cause(l.outer)
	}
	if n.is(isCanceled) {
		return err, n.later.cause
	}
	if n.is(hasStd) {
		return err, context.Cause(n.later.std)
	}
	if base := n.base(); base != nil {
		return err, context.Cause(base)
	}
	return err, err
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
