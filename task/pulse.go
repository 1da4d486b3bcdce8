package task

import "context"

// A goroutine that is no task waits for a task on a channel. If it also had to wait for the
// end of its ctx, with a select, then all goroutines that wait with the ctx of one task would
// have to take turns at that ctx's channel. But the end of that ctx comes to the children of
// the task in any case, and most wait for one of these. So each node has a channel of its
// own, its pulse, which is closed at its end, and before that at its cancellation and at
// the end of its parent. A goroutine that waits for it then finds out what has happened.

// awaitElsewhere is await in a goroutine that is no task.
func (n *node) awaitElsewhere(ctx context.Context) error {
	var done <-chan struct{}
	if own, ok := ctx.(*nodeCtx); ok {
		if q := own.at.Load(); q.base() == nil && n.isAfter(q) {
			return nil
		}
		done = own.Done()
	} else if done = ctx.Done(); done == nil && n.isAfter(nil) {
		return nil
	}
	select {
	case <-n.ended():
		return nil
	case <-done:
		return n.awaitedUntil(ctx)
	}
}

// isAfter waits for n's pulse, in a goroutine that waits with the ctx of q, see pulseUnder,
// and reports whether n has ended.
func (n *node) isAfter(q *node) bool {
	<-n.pulseUnder(q)
	return n.is(isFinal)
}

// pulseUnder returns n's pulse for a goroutine that waits with the ctx of q, which has no
// base, or with a ctx that never ends if q is nil. It is closed already if it would not be
// by the end of that ctx.
//
// The ctx of q ends when q is cancelled, or final. Both are shown by q's status before the
// children of q are visited, each with its mu locked, to have their pulses closed. So if
// n, with its mu locked, is seen to be an attached child of q, which is neither, then n will
// be visited: either as a child of q, or as one that moves up because q leaves the tree. It
// may be in a fork of q, which is visited with the children of q, and attached.
func (n *node) pulseUnder(q *node) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.is(isFinal|isCanceled) || n.id == 0 {
		return closedChan
	}
	if q != nil && (n.in() != q || !n.attached || q.is(isFinal|isCanceled)) {
		return closedChan
	}
	if n.pulse == nil {
		n.pulse = make(chan struct{})
	}
	return n.pulse
}

// beat closes n's pulse; n.mu is locked, or n is not shared yet.
func (n *node) beat() {
	if n.pulse != nil {
		close(n.pulse)
		n.pulse = nil
	}
}

// beatBelow closes the pulses of the children of n, whose ctx has ended; n.mu is locked.
func (n *node) beatBelow() {
	for c := n.first; c != nil; c = c.next {
		c.mu.Lock()
		if c.is(isFork) {
			c.beatBelow()
		}
		c.beat()
		c.mu.Unlock()
	}
}
