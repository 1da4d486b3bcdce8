package task

import (
	"context"
	"sync/atomic"
)

// A limit is the Timeout option of a node. Its context is the base of that
// node, and also of the nodes that it starts: they share the limit, and may
// outlive the node.
type limit struct {
	err   *TimeoutError
	outer context.Context // what it was derived from
	up    *limit          // the one that outer is of, or nil
	stop  context.CancelFunc
	over  error        // what its own node was cancelled with, or nil; guarded by that node's mu
	users atomic.Int32 // the number of nodes that have it, and of limits derived from it
}

// limit returns the limit to which n's base belongs, or nil.
func (n *node) limit() *limit {
	if n.more == nil {
		return nil
	}
	return n.more.limit
}

// share makes n, which is not yet shared, use l too; l may be nil.
func (n *node) share(l *limit) {
	if l != nil {
		n.extra().limit = l
		l.users.Add(1)
	}
}

// release ends one use of l. The last one stops the timer.
func (l *limit) release() {
	for ; l != nil && l.users.Add(-1) == 0; l = l.up {
		l.stop()
	}
}
