package task

import (
	"context"
	"sync/atomic"
)

// The tree of live nodes serves three purposes: cancellation goes down it, the
// end of a scope waits for it, and All and WriteTree show it. There is no other
// register of tasks. Starting or ending a task takes the lock of its parent, or
// of a fork of that, and no global lock; tasks without a parent hang off one of
// several roots.
//
// A node moves up when its parent leaves the tree first, with both parents
// locked: what a task starts belongs to the scope it was started in, not to the
// task.

// roots are the parents of tasks without another parent. There are several, so
// that cores that start such tasks do not wait for one another.
var roots [32]node

func root(id uint64) *node { return &roots[id%uint64(len(roots))] }

// join makes n a child of p, or of the node that took p's place if p is gone.
// If n's scope accepts no more tasks, join fails and n is not in the tree.
func (n *node) join(p *node) error {
	dying := n.home.dying()
	direct := true
	var list *node // p or a fork of p
	for {
		list = p
		if p.is(isForked) || !p.mu.TryLock() {
			list = p.lockList()
		}
		if n.attached && !n.is(isCanceled) && list.is(isFinal|isCanceled) {
			list.mu.Unlock()
			// p's ctx has ended, and n's descends from it. The cause is read
			// with no lock held, because a ctx of the user's may be called.
			_, cause := p.late.Cause(p.base())
			n.cancelOwn(cause)
			continue
		}
		if list != p || !p.is(isGone) {
			break
		}
		p.mu.Unlock()
		direct = false
		if p = n.home.place(n.id); p == nil {
			return n.refused(ErrEnded, nil)
		}
	}
	// Whether n's scope is closed has to be checked only where p is the scope
	// itself: as long as there is another p in the scope, the scope is open,
	// and p can neither leave nor close while the list is locked.
	flags := n.home.flags()
	var why error
	switch {
	case flags&isClosed != 0:
		why = ErrEnded
	case (dying || flags&isShut != 0) && n.scope() == nil:
		why = ErrCanceling
	}
	if why != nil {
		s := n.home.node.Load()
		list.mu.Unlock() // s may be p, or above it
		return n.refused(why, s)
	}
	if direct && n.home != nil && n.home.group != nil && p.scope() == n.home && n.scope() == nil && !n.is(isAlone) {
		n.raise(isCounted)
	}
	if flags&isDoomed != 0 && !n.is(isCanceled) {
		n.cancelOwn(ErrRunEnded)
	}
	if s := n.scope(); s != nil && n.is(isCanceled) {
		s.raise(flags & (isShut | isDoomed))
	}
	n.parent.Init(list)
	list.push(n)
	list.mu.Unlock()
	n.count(1)
	return nil
}

// push puts c in the list of n's children, as the newest; n.mu is locked.
func (n *node) push(c *node) {
	c.prev, c.next = nil, n.first
	if n.first != nil {
		n.first.prev = c
	} else {
		n.last = c
	}
	n.first = c
}

// drop removes c from the list of n's children; n.mu is locked.
func (n *node) drop(c *node) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		n.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		n.last = c.prev
	}
	c.prev, c.next = nil, nil
}

// lockParent locks the mu of n's parent and returns it. It returns nil if n has none.
func (n *node) lockParent() *node {
	for {
		p := n.parent.Load()
		if p == nil {
			return nil
		}
		p.mu.Lock()
		if n.parent.Load() == p {
			return p
		}
		// p left in between and n moved up.
		p.mu.Unlock()
	}
}

// leave removes n, which is final, from the tree.
func (n *node) leave() {
	p := n.lockParent()
	n.mu.Lock()
	n.count(-1)
	n.raise(isGone)
	n.leftLists()
	n.moveUp(p)
	n.mu.Unlock()
	n.leaveTree(p)
}

// moveUp makes the children of n, which is gone, children of p, its parent, and those in
// its forks too, so that forks are never in one another, however many tasks start their
// successors. The mu of both is locked.
func (n *node) moveUp(p *node) {
	for c := n.last; c != nil; {
		next := c.prev
		c.mu.Lock()
		c.attached = c.attached && n.attached
		if c.is(isFork) {
			c.moveUp(p)
			c.prev, c.next = nil, nil
			c.parent.Store(nil)
		} else {
			c.parent.Store(p)
			p.push(c)
		}
		c.mu.Unlock()
		c = next
	}
	n.first, n.last = nil, nil
}

// leaveTree takes n, which is gone and has no children, out of the list of p, its parent,
// whose mu is locked, and unlocks that. A fork that has nothing left, and gets nothing
// more, leaves with it.
func (n *node) leaveTree(p *node) {
	if n.line != nil {
		n.line.Store(nil)
	}
	// A handle of n must not keep alive the node from which n was started. What has
	// no children any longer is the only one to write its line.
	n.line = p.lifeline()
	for c := n; ; {
		p.drop(c)
		c.parent.Store(nil)
		var empty chan struct{}
		if s := p.scope(); s != nil && p.first == nil {
			empty, s.empty = s.empty, nil // for which the scope waits
		}
		spent := p.isSpent()
		p.mu.Unlock()
		if empty != nil {
			close(empty)
		}
		if !spent {
			break
		}
		if c, p = p, p.lockParent(); p == nil {
			break // its node has left meanwhile, and dropped it
		}
	}
	n.releaseLimit()
}

// lifeline returns a pointer that leads to n for as long as n is in the tree;
// n.mu is locked.
func (n *node) lifeline() *atomic.Pointer[node] {
	if n.line == nil {
		n.line = new(atomic.Pointer[node])
		n.line.Store(n)
	}
	return n.line
}

// above returns the node that n is in or, once n has left the tree, was in. It
// returns nil if that node is no longer in the tree itself.
//
//lint:ignore ST1016 elsewhere a node that waits is w, beside an n that it waits for
func (n *node) above() *node {
	if p := n.in(); p != nil {
		return p
	}
	if n.is(isGone) && n.line != nil {
		return n.line.Load()
	}
	return nil
}

// releaseLimit gives back the limit that n used. n has left the tree, or was never in it.
func (n *node) releaseLimit() {
	if l := n.limit(); l != nil {
		l.release()
	}
}

// A reach says how far a cancellation goes beyond attached nodes.
type reach uint32

const (
	shutting reach = 1 << iota // scopes that it reaches accept no more tasks
	all                        // it also reaches nodes that are not attached, and those that will be started
)

// cancel cancels n's ctx with cause, and with it the nodes that follow it in
// the tree. It reports false, and does nothing, if n is final.
func (n *node) cancel(cause error) bool {
	if cause == nil {
		cause = context.Canceled
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.is(isFinal) {
		return false
	}
	n.cancelLocked(cause, 0)
	return true
}

// cancelLocked is cancel with n.mu locked, and with the given reach.
func (n *node) cancelLocked(cause error, far reach) {
	fresh := !n.is(isCanceled)
	if s := n.scope(); s != nil {
		if s.flags()&isOver != 0 {
			far |= shutting // it waits for its end, which is to come
		}
		if far&shutting != 0 {
			s.raise(isShut)
		}
		if far&all != 0 {
			s.raise(isDoomed)
		}
	}
	again := far&all != 0 || far&shutting != 0 && !n.is(isEnding)
	if fresh {
		n.cancelOwn(cause)
	}
	if far&shutting != 0 {
		n.raise(isEnding)
	}
	if !fresh && !again {
		return // what follows n was cancelled with it, or was started cancelled
	}
	for c := n.first; c != nil; c = c.next {
		if (c.attached || far&all != 0) && !c.is(isGone) {
			c.mu.Lock()
			c.cancelLocked(cause, far)
			c.mu.Unlock()
		}
	}
}

// cancelOwn cancels only n's own ctx; n.mu is locked, or n is not yet shared.
func (n *node) cancelOwn(cause error) {
	n.raise(isCanceled) // before the ctx ends: see lockList
	n.late.Cancel(n.base(), cause)
	if n.more != nil && n.more.ownLimit {
		n.more.limit.over = cause
	}
	n.beat()
	if n.waits != nil {
		n.waits.rouse()
	}
	if State(n.status.Load()&stateMask) == Queued {
		n.home.places.drop(n)
	}
}
