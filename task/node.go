package task

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A node is a task or a Group in the tree of those that are live: the part that
// does not depend on the type of the result.
//
// The tree serves three ends at once: cancellation goes down it, the end of a
// scope waits for it, and it is what All and WriteTree show. There is no other
// register of tasks. Starting or ending a task takes the lock of its parent and
// no global one; tasks without a parent hang off one of several roots.
//
// # Locks
//
// A node's mu guards its own state and the list of its children. Whoever holds
// one may lock a descendant's, never an ancestor's or another's. A node moves
// up when its parent leaves the tree first, with both parents locked.
type node struct {
	// Written before the node is shared.
	id      uint64
	label   string // the name, or "" for the default one
	self    Handle // the *Task[T] that has this node; nil for a Group
	env     *env
	started int64           // when, in nanoseconds since epoch
	ctx     context.Context // what the node's own ctx falls back on for values
	base    context.Context // what cancels the node besides its own cancel, and its parent if attached; or nil
	group   *group          // the Group that a failure is told to, or nil
	scope   *scope          // the rest of a node that waits for its children, or nil
	limit   *limit          // the Timeout option, or nil

	parent atomic.Pointer[node] // stored with the parent's mu locked

	// Guarded by the parent's mu.
	prev, next *node
	attached   bool // the parent's cancellation is this node's

	state   atomic.Uint32 // a State, never Waiting
	flags   atomic.Uint32 // stored with mu locked
	waitFor waiting       // stored by the node's own goroutines

	mu         sync.Mutex
	first      *node           // the newest child
	cause      error           // why it was cancelled; read by anyone once isCanceled
	std        context.Context // see materialise; read by anyone once hasStd
	stdCancel  context.CancelCauseFunc
	done       chan struct{} // closed when final; made when asked for
	hooks      *hook         // who is to be told, the newest first
	unobserved *report       // written before the state is final
}

// The flags of a node.
const (
	isCanceled = 1 << iota // cancel was called, or the parent's was
	isFinal                // the state is final
	isGone                 // it is out of the tree
	hasStd                 // std and stdCancel are there
)

func (n *node) is(flag uint32) bool { return n.flags.Load()&flag != 0 }

// raise sets a flag; n.mu is locked.
func (n *node) raise(flag uint32) { n.flags.Store(n.flags.Load() | flag) }

// A scope is a node that waits for what was started in it before it ends: a
// Group, or the main task of a Run.
type scope struct {
	group   *group        // nil in a Run
	closed  bool          // nothing more may be started; guarded by the node's mu
	aborted bool          // as closed, until what is left has ended; guarded by the node's mu
	empty   chan struct{} // closed when the last child leaves; guarded by the node's mu
}

// A limit is the Timeout option of a node.
type limit struct {
	err  *TimeoutError
	stop context.CancelFunc
}

var lastID atomic.Uint64

// epoch is when the ages of tasks are counted from: time.Since of a fixed time
// reads the monotonic clock only, and is half the price of time.Now.
var epoch = time.Now()

// roots are the parents of tasks that have no other. There are some, so that
// cores that start tasks of this kind don't wait for one another.
var roots [32]node

func root(id uint64) *node { return &roots[id%uint64(len(roots))] }

type nodeKey struct{}

// nodeOf returns the task or Group that ctx comes from, or nil.
func nodeOf(ctx context.Context) *node {
	if c, ok := ctx.(*nodeCtx); ok {
		return (*node)(c)
	}
	n, _ := ctx.Value(nodeKey{}).(*node)
	return n
}

// open makes n a new node in the tree, under the node that ctx comes from, with
// a ctx that follows the given one. It fails if n was to be in a scope that
// takes no more; then n is not in the tree.
func (n *node) open(ctx context.Context, self Handle, o *options) error {
	if ctx == nil {
		panic("task: nil ctx; pass context.Background() if there is none")
	}
	n.self = self
	n.id = lastID.Add(1)
	n.started = int64(time.Since(epoch))
	parent := n.follow(ctx)
	if o != nil {
		n.configure(o)
	}
	return n.join(parent)
}

// follow makes n's ctx one that descends from ctx, and returns n's parent.
func (n *node) follow(ctx context.Context) *node {
	if c, ok := ctx.(*nodeCtx); ok {
		// The ctx of a task or a Group itself. All that it adds to its own
		// parent's is about that task, so n does not refer to it, and a chain
		// of tasks that start one another keeps none of the ended ones alive.
		p := (*node)(c)
		n.ctx, n.base, n.env, n.attached = p.ctx, p.base, p.env, true
		return p
	}
	n.ctx = ctx
	p, _ := ctx.Value(nodeKey{}).(*node)
	done := ctx.Done()
	if p == nil {
		n.env = &defaultEnv
		p = root(n.id)
	} else {
		n.env = p.env
		if done == (*nodeCtx)(p).Done() {
			// Only values were added, by context.WithValue or the like.
			n.base, n.attached = p.base, true
			return p
		}
	}
	if done != nil {
		n.base = ctx
	}
	return p
}

// configure applies o to n, which follow has seen to.
func (n *node) configure(o *options) {
	n.label = o.name
	if o.shielded {
		n.base, n.attached = nil, false
	}
	if o.hasLimit {
		base := n.base
		if base == nil {
			base = context.Background()
		}
		n.limit = &limit{err: &TimeoutError{Task: n.name(), After: o.timeout}}
		n.base, n.limit.stop = context.WithTimeoutCause(base, o.timeout, n.limit.err)
	}
	if o.reporter != nil {
		n.env = &env{reporter: o.reporter, reports: n.env.reports}
	}
}

// join makes n a child of p, or of whatever took p's place if p is gone.
func (n *node) join(p *node) error {
	direct := true
	for {
		p.mu.Lock()
		if !p.is(isGone) || p.scope != nil {
			break
		}
		direct = false
		if n.attached && !n.is(isCanceled) {
			// p's ctx ended with p, and n's descends from it.
			n.cause = ErrEnded
			n.raise(isCanceled)
		}
		up := p.parent.Load()
		p.mu.Unlock()
		p = up
	}
	defer p.mu.Unlock()
	if s := p.scope; s != nil {
		switch {
		case s.closed:
			return &Error{Op: "start", Task: n.name(), Err: &scopeError{p.name(), ErrEnded}}
		case s.aborted && n.scope == nil:
			return &Error{Op: "start", Task: n.name(), Err: &scopeError{p.name(), ErrCanceling}}
		}
		if direct && n.self != nil && n.scope == nil {
			n.group = s.group
		}
	}
	if n.attached && p.is(isCanceled) && !n.is(isCanceled) {
		n.cause = p.cause
		n.raise(isCanceled)
	}
	n.parent.Store(p)
	p.push(n)
	return nil
}

// push puts c in the list of p's children; p.mu is locked.
func (p *node) push(c *node) {
	c.next = p.first
	if p.first != nil {
		p.first.prev = c
	}
	p.first = c
}

// leave takes n, which is final, out of the tree. Its children move up to its
// parent: they belong to the scope they were started in, and not to n.
func (n *node) leave() {
	p := n.parent.Load()
	for p.mu.Lock(); n.parent.Load() != p; p.mu.Lock() {
		// p left in between and n moved up.
		p.mu.Unlock()
		p = n.parent.Load()
	}
	defer p.mu.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.limit != nil && n.first == nil {
		n.limit.stop()
	}
	for c := n.first; c != nil; {
		next := c.next
		c.prev, c.next = nil, nil
		c.attached = c.attached && n.attached
		c.parent.Store(p)
		p.push(c)
		c = next
	}
	n.first = nil
	n.raise(isGone)
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		p.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	}
	n.prev, n.next = nil, nil
	if s := p.scope; s != nil && p.first == nil && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// close waits until n, a scope, has no children, and then lets none in.
func (n *node) close() {
	for {
		n.mu.Lock()
		if n.first == nil {
			n.scope.closed = true
			n.mu.Unlock()
			return
		}
		empty := make(chan struct{})
		n.scope.empty = empty
		n.mu.Unlock()
		<-empty
	}
}

// cancel cancels n's ctx with cause, and with it what follows it in the tree.
// With all, what doesn't follow it is cancelled too, if it is below n. It
// reports false, and does nothing, if n is final.
func (n *node) cancel(cause error, all bool) bool {
	if cause == nil {
		cause = context.Canceled
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.is(isFinal) {
		return false
	}
	n.cancelLocked(cause, all)
	return true
}

func (n *node) cancelLocked(cause error, all bool) {
	fresh := !n.is(isCanceled)
	if fresh {
		n.cause = cause
		n.raise(isCanceled)
		if n.is(hasStd) {
			n.stdCancel(cause)
		}
	}
	if !fresh && !all {
		return // what follows n was cancelled with it, or started so
	}
	for c := n.first; c != nil; c = c.next {
		if all || c.attached {
			c.mu.Lock()
			c.cancelLocked(cause, all)
			c.mu.Unlock()
		}
	}
}

// name returns n's name.
func (n *node) name() string {
	if n.label != "" {
		return n.label
	}
	kind := "Task-"
	if n.self == nil {
		kind = "Group-"
	}
	return kind + strconv.FormatUint(n.id, 10)
}

// task returns the task that n is or is part of, or nil.
func (n *node) task() *node {
	for n != nil && n.self == nil {
		n = n.parent.Load()
	}
	return n
}
