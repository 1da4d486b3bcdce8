package task

import (
	"context"
	"runtime/trace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
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
	started int64           // when, in nanoseconds since epoch
	self    any             // the *Task[T] that has this node; nil for a Group
	env     *env            // handed down
	ctx     context.Context // what the node's own ctx falls back on for values
	more    *extras         // what few nodes have, or nil

	parent gls.Ptr[node] // stored with the parent's mu locked

	// Guarded by the parent's mu.
	prev, next *node
	attached   bool // the parent's cancellation is this node's

	governed bool                 // ctx's cancellation is this node's; written before it is shared
	counts   bool                 // the parent is a Group that a failure is told to; likewise
	status   atomic.Uint32        // a State, never Waiting, and flags
	waitFor  atomic.Pointer[node] // what the task waits for; stored by its own goroutines

	mu    sync.Mutex
	first *node         // the newest child
	done  chan struct{} // closed when final; made when asked for
	hooks *hook         // who is to be told, the newest first
	later *later        // made when needed; the pointer may be read once a flag says so
}

// Extras are the parts of a node that few have from the beginning.
type extras struct {
	label string          // the name, or "" for the default one
	base  context.Context // in place of ctx, cancels the node besides its own cancel
	limit *limit          // the Timeout option, or nil
	vars  *ctxvar.Context // what a task runs in if not its own variables; a Group's variables as it began
	scope *scope          // the rest of a node that waits for its children, or nil
	trace *trace.Task     // while an execution trace is taken, a task's own; or nil
}

// Later are the parts of a node that few come to have.
type later struct {
	cause      error           // once isCanceled: why
	std        context.Context // once hasStd: see materialise
	cancel     context.CancelCauseFunc
	until      atomic.Int64 // once hasStd: when Sleep ends, in nanoseconds since epoch
	unobserved *report      // once isReported
}

// A node's status is its State in the low bits, and flags.
const (
	stateMask  = 15
	isCanceled = 1 << (iota + 4) // cancel was called, or the parent's was
	isFinal                      // the state is final
	isGone                       // it is out of the tree
	hasStd                       // there is a standard context
	isReported                   // there is a report
	isDoomed                     // its Run is ending, so whatever is started in it is cancelled
)

func (n *node) is(flag uint32) bool { return n.status.Load()&flag != 0 }

// raise sets a flag; n.mu is locked, or n is not shared yet.
func (n *node) raise(flag uint32) { n.status.Store(n.status.Load() | flag) }

// end makes n a final one; n.mu is locked.
func (n *node) end(s State, flags uint32) {
	n.status.Store(n.status.Load()&^stateMask | uint32(s) | isFinal | flags)
}

// scope returns the scope that n is, or nil.
func (n *node) scope() *scope {
	if n.more == nil {
		return nil
	}
	return n.more.scope
}

// base returns what cancels n besides its own cancel and, if it is attached,
// its parent's; or nil.
func (n *node) base() context.Context {
	switch {
	case n.governed:
		return n.ctx
	case n.more != nil:
		return n.more.base
	}
	return nil
}

// extra returns the extras of n, which is not shared yet.
func (n *node) extra() *extras {
	if n.more == nil {
		n.more = new(extras)
	}
	return n.more
}

// late returns the later parts of n; n.mu is locked, or n is not shared yet.
func (n *node) late() *later {
	if n.later == nil {
		n.later = new(later)
	}
	return n.later
}

// limit returns the limit that n has, or nil.
func (n *node) limit() *limit {
	if n.more == nil {
		return nil
	}
	return n.more.limit
}

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
	err   *TimeoutError
	outer context.Context // what it was derived from
	stop  context.CancelFunc
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
func (n *node) open(ctx context.Context, o *options) error {
	if ctx == nil {
		panic("task: nil ctx; pass context.Background() if there is none")
	}
	n.id = lastID.Add(1)
	n.started = int64(time.Since(epoch))
	parent := n.follow(ctx)
	if s := n.scope(); s != nil && s.group == nil {
		n.env = &env{reporter: n.env.reporter, reports: new(reports)}
	}
	if o != nil {
		n.configure(o)
	}
	if trace.IsEnabled() && n.self != nil {
		n.ctx, n.extra().trace = trace.NewTask(n.ctx, n.name())
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
		n.ctx, n.env, n.attached = p.ctx, p.env, true
		n.followBase(p)
		return p
	}
	n.ctx = ctx
	done := ctx.Done()
	p, _ := ctx.Value(nodeKey{}).(*node)
	switch {
	case p == nil:
		n.env = &defaultEnv
		p = root(n.id)
		n.governed = done != nil
	case done == (*nodeCtx)(p).Done():
		// Only values were added, by context.WithValue or the like.
		n.env, n.attached = p.env, true
		if base := p.base(); base != nil {
			n.extra().base = base
		}
	default:
		n.env = p.env
		n.governed = done != nil
	}
	return p
}

// followBase makes the base of p, whose ctx n has, that of n.
func (n *node) followBase(p *node) {
	n.governed = p.governed
	if p.more != nil && p.more.base != nil {
		n.extra().base = p.more.base
	}
}

// configure applies o to n, which follow has seen to.
func (n *node) configure(o *options) {
	more := n.extra()
	more.label = o.name
	if n.self != nil {
		more.vars = o.vars
	}
	if o.shielded {
		n.governed, n.attached, more.base = false, false, nil
	}
	if o.hasLimit {
		l := &limit{err: &TimeoutError{Task: n.name(), After: o.timeout}, outer: n.base()}
		if l.outer == nil {
			l.outer = context.Background()
		}
		more.base, l.stop = context.WithTimeoutCause(l.outer, o.timeout, l.err)
		more.limit, n.governed = l, false
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
		if !p.is(isGone) || p.scope() != nil {
			break
		}
		direct = false
		if n.attached && !n.is(isCanceled) {
			// p's ctx ended with p, and n's descends from it.
			n.cancelWith(ErrEnded)
		}
		up := p.parent.Load()
		p.mu.Unlock()
		p = up
	}
	defer p.mu.Unlock()
	if s := p.scope(); s != nil {
		switch {
		case s.closed:
			return &Error{Op: "start", Task: n.name(), Err: &scopeError{p.name(), ErrEnded}}
		case s.aborted && n.scope() == nil:
			return &Error{Op: "start", Task: n.name(), Err: &scopeError{p.name(), ErrCanceling}}
		}
		n.counts = direct && s.group != nil && n.scope() == nil
	}
	if p.is(isDoomed) {
		n.raise(isDoomed)
	}
	if (n.attached && p.is(isCanceled) || p.is(isDoomed)) && !n.is(isCanceled) {
		n.cancelWith(p.later.cause)
	}
	n.parent.Init(p)
	p.push(n)
	return nil
}

// push puts c in the list of n's children; n.mu is locked.
func (n *node) push(c *node) {
	c.next = n.first
	if n.first != nil {
		n.first.prev = c
	}
	n.first = c
}

// lockParent locks the mu of n's parent and returns it.
func (n *node) lockParent() *node {
	for {
		p := n.parent.Load()
		p.mu.Lock()
		if n.parent.Load() == p {
			return p
		}
		// p left in between and n moved up.
		p.mu.Unlock()
	}
}

// leave takes n, which is final, out of the tree.
func (n *node) leave() {
	p := n.lockParent()
	n.mu.Lock()
	n.raise(isGone)
	n.unlink(p)
	n.mu.Unlock()
	p.mu.Unlock()
}

// unlink takes n from the children of p and makes its own children p's: they
// belong to the scope they were started in, and not to n. The mu of both is
// locked.
func (n *node) unlink(p *node) {
	if l := n.limit(); l != nil && n.first == nil {
		l.stop()
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
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		p.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	}
	n.prev, n.next = nil, nil
	if p.first == nil {
		if s := p.scope(); s != nil && s.empty != nil {
			close(s.empty)
			s.empty = nil
		}
	}
}

// close waits until n, a scope, has no children, and then lets none in.
func (n *node) close() {
	for {
		n.mu.Lock()
		if n.first == nil {
			n.scope().closed = true
			n.mu.Unlock()
			return
		}
		empty := make(chan struct{})
		n.scope().empty = empty
		n.mu.Unlock()
		<-empty
	}
}

// cancel cancels n's ctx with cause, and with it what follows it in the tree. It
// reports false, and does nothing, if n is final.
func (n *node) cancel(cause error) bool {
	if cause == nil {
		cause = context.Canceled
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.is(isFinal) {
		return false
	}
	n.cancelLocked(cause, false)
	return true
}

// cancelLocked is cancel, for n.mu locked. With all, what is below n and doesn't
// follow it is cancelled too, and so is what will be started there.
func (n *node) cancelLocked(cause error, all bool) {
	fresh := !n.is(isCanceled)
	if fresh {
		n.cancelWith(cause)
	}
	if !fresh && !all {
		return // what follows n was cancelled with it, or started so
	}
	if all {
		n.raise(isDoomed)
	}
	for c := n.first; c != nil; c = c.next {
		if all || c.attached {
			c.mu.Lock()
			c.cancelLocked(cause, all)
			c.mu.Unlock()
		}
	}
}

// cancelWith cancels n's ctx and no other; n.mu is locked, or n is not shared
// yet.
func (n *node) cancelWith(cause error) {
	n.late().cause = cause
	n.raise(isCanceled)
	if n.is(hasStd) {
		n.later.cancel(cause)
	}
}

// name returns n's name.
func (n *node) name() string {
	if n.more != nil && n.more.label != "" {
		return n.more.label
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
