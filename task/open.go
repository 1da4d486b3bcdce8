package task

import (
	"context"
	"runtime/trace"
	"time"

	"github.com/heirloom-go/heirloom/internal/latectx"
)

// open puts n into the tree, under the node that ctx comes from, with a ctx
// that follows the given one. If the scope for n accepts no more tasks, open
// fails and n is not in the tree.
func (n *node) open(ctx context.Context, o *options) error {
	checkCtx(ctx)
	n.id = lastID.Add(1)
	n.started = int64(time.Since(epoch))
	parent := n.follow(ctx)
	n.home = parent.within()
	if s := n.scope(); s != nil {
		s.node.Store(n)
		if s.group == nil {
			n.env = n.env.run()
		}
	}
	if o != nil {
		n.configure(o)
	}
	if s := n.scope(); s != nil && (n.attached || nodeEnding(n.base()) != nil) {
		s.outer = n.home
	}
	if n.env.sites && n.self != nil {
		n.extra().site = callSite()
	}
	if trace.IsEnabled() && n.self != nil {
		n.ctx, n.extra().trace = trace.NewTask(n.ctx, n.name())
	}
	n.hangOnEnd()
	if err := n.join(parent); err != nil {
		n.releaseLimit()
		if n.more != nil {
			n.more.members = nil
		}
		return err
	}
	n.joinLists()
	return nil
}

// follow makes n's ctx one that descends from ctx, and returns n's parent.
func (n *node) follow(ctx context.Context) *node {
	if c, ok := ctx.(*nodeCtx); ok {
		// This is the ctx of a task or a Group itself. Everything that it adds
		// to its parent's ctx concerns that task only, so n does not refer to
		// it, and a chain of tasks that start one another keeps none of the
		// ended ones alive.
		p := c.at.Load()
		n.ctx, n.env, n.attached, n.governed = p.ctx, p.env, true, p.governed
		if p.more != nil && p.more.base != nil {
			n.extra().base = p.more.base
			n.share(p.more.limit)
		}
		return p
	}
	n.ctx = ctx
	done := ctx.Done()
	p := nodeOf(ctx)
	switch {
	case p == nil:
		n.env = &defaultEnv
		p = root(n.id)
		n.govern(ctx, done)
	case done != nil && done == p.standard().Done():
		// Only values were added, by context.WithValue or the like.
		n.env, n.attached = p.env, true
		if base := p.base(); base != nil {
			n.extra().base = base
			n.share(p.limit())
		}
	default:
		n.env = p.env
		n.govern(ctx, done)
	}
	return p
}

// govern makes ctx, whose channel is done, the base of n.
func (n *node) govern(ctx context.Context, done <-chan struct{}) {
	if done != nil {
		n.governed = true
		n.ctx = latectx.Base(ctx, call)
	}
}

// configure applies o to n, after follow.
func (n *node) configure(o *options) {
	more := n.extra()
	more.label = o.name
	if n.self != nil {
		more.vars, more.members = o.vars, o.members
	}
	if o.held {
		n.raise(isHeld)
	}
	if o.tolerant {
		n.raise(isAlone)
	}
	if o.shielded {
		n.governed, n.attached, more.base = false, false, nil
		more.limit.release()
		more.limit = nil
	}
	if o.hasLimit {
		l := &limit{err: &TimeoutError{Task: n.name(), After: o.timeout}, outer: n.base(), up: more.limit}
		if l.outer == nil {
			l.outer = context.Background()
		}
		more.base, l.stop = context.WithTimeoutCause(l.outer, o.timeout, l.err)
		// n now uses its own limit instead of the one further out.
		more.limit, more.ownLimit, n.governed = l, true, false
		l.users.Add(1)
	}
	if o.reporter != nil || o.failures != nil || o.sites {
		n.env = n.env.with(o)
	}
	if s := n.scope(); s != nil && s.group != nil && o.limit > 0 {
		s.places = newPlaces(o.limit)
	}
}
