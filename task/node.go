package task

import (
	"context"
	"runtime"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/latectx"
)

// A node is a task or a Group: the part that does not depend on the type of the
// result. This file has its state; its place among other nodes is in tree.go.
//
// # Locks
//
// A node's mu guards its own state and the list of its children. A goroutine
// that holds one may lock that of a descendant, but never that of an ancestor
// or of another node.
type node struct {
	// Written before the node is shared.
	id      uint64
	started int64           // when, in nanoseconds since epoch
	self    any             // the *Task[T] that has this node; nil for a Group
	env     *env            // handed down
	ctx     context.Context // what the node's own ctx falls back on for values
	home    *scope          // the scope that it is in, or nil
	more    *extras         // what few nodes have, or nil
	pc      uintptr         // the task's function, for its name

	parent gls.Ptr[node] // stored with the parent's mu locked, and its own if it moves up; nil once out of the tree

	// Guarded by the parent's mu.
	prev, next *node // the newer and the older sibling
	attached   bool  // the parent's cancellation is this node's; stored with its own mu locked too
	crowded    uint8 // how often others had to wait to put children in its list; guarded by its own mu

	governed bool          // ctx's cancellation is this node's; written before it is shared
	status   atomic.Uint32 // a State, never Waiting, and flags
	waitFor  gls.Ptr[node] // what the task waits for; stored by its own goroutines
	late     latectx.Late  // its own ctx

	mu          sync.Mutex
	first, last *node         // the newest and the oldest child
	pulse       chan struct{} // closed when final or cancelled, or the parent ends; see await
	hooks       *hook         // what to do at its end, the newest first
	waits       *wait         // what its own goroutine waits with; made when it first does
	aside       *aside        // made when there is something in it

	line *atomic.Pointer[node] // see lifeline: its own or, once isGone, that of its parent
}

// An aside is the parts of a node that few have, as time goes on. Each is written
// with the node's mu locked, and not again.
type aside struct {
	calls   *calls        // those of package gather
	unheard *report       // once isReported
	done    chan struct{} // closed when final; made when asked for
	forks   *forks        // once isForked; not used by what takes no more children
}

// beside returns the aside of n; n.mu is locked.
func (n *node) beside() *aside {
	if n.aside == nil {
		n.aside = new(aside)
	}
	return n.aside
}

// Extras are the parts of a node that few have, from the beginning.
type extras struct {
	label    string          // the name, or "" for the default one
	base     context.Context // in place of ctx, cancels the node besides its own cancel
	limit    *limit          // the Timeout option that base is of, its own or one further out, or nil
	ownLimit bool            // limit is its own
	vars     *ctxvar.Context // what a task runs in if not its own variables; a Group's variables as it began
	scope    *scope          // the rest of a node that waits for its children, or nil
	trace    *trace.Task     // while an execution trace is taken, a task's own; or nil
	site     uintptr         // where it was started, if that was asked for

	members *member // its places in lists
}

// A node's status is its State in the low bits, and flags.
const (
	stateMask  = 15
	isCanceled = 1 << (iota + 4) // cancel was called, or the parent's was
	isEnding                     // isCanceled because its scope, or one further out, is ending
	isFinal                      // the state is final
	isGone                       // it is out of the tree
	isReported                   // unheard may be read
	isCounted                    // its failure counts as one of the Group that is its parent
	isHeld                       // its failure does not count yet: Serve waits for it to be ready
	isAlone                      // its failure never counts: it has FailFast(false)
	isIdle                       // it runs nothing, and so takes no place in a Group with a Limit
	isForked                     // children go to its forks
	isFork                       // it is a fork, and neither a task nor a Group
)

func (n *node) is(flag uint32) bool { return n.status.Load()&flag != 0 }

// raise sets flags; n.mu is locked, or n is not shared yet.
func (n *node) raise(flags uint32) { n.status.Store(n.status.Load() | flags) }

// enter makes n's state s; n.mu is locked, or n is not shared yet.
func (n *node) enter(s State) { n.status.Store(n.status.Load()&^stateMask | uint32(s)) }

// current returns n's state, Waiting included.
func (n *node) current() State {
	s := State(n.status.Load() & stateMask)
	if s == Running && (n.waitFor.Load() != nil || n.isEndingScope()) {
		return Waiting
	}
	return s
}

// isEndingScope reports whether n's function has ended, and n waits for what was
// started in it.
func (n *node) isEndingScope() bool { return n.scope().flags()&(isOver|isClosed) == isOver }

// failed reports whether n has ended with an error of its own.
func (n *node) failed() bool {
	switch n.current() {
	case Failed, Panicked, Goexited:
		return true
	default:
		return false
	}
}

// scope returns the scope that n is, or nil.
func (n *node) scope() *scope {
	if n.more == nil {
		return nil
	}
	return n.more.scope
}

// within returns the scope of what is started from n, or nil.
func (n *node) within() *scope {
	if s := n.scope(); s != nil {
		return s
	}
	return n.home
}

// base returns the context that cancels n in addition to its own cancel and, if
// n is attached, its parent's, or nil.
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

var lastID atomic.Uint64

// epoch is the time from which the ages of tasks are counted: time.Since of a
// fixed time only reads the monotonic clock, at half the cost of time.Now.
var epoch = time.Now()

// name returns n's name: its label, or else one made of its kind and its
// number. For a task, the kind is the name of its function.
func (n *node) name() string {
	if n.more != nil && n.more.label != "" {
		return n.more.label
	}
	if j := n.asJob(); j != nil {
		return "a job of " + j.host.name()
	}
	kind := "Group"
	if n.self != nil {
		kind = functionName(n.pc)
	}
	return kind + "-" + strconv.FormatUint(n.id, 10)
}

// functionName returns the name of the function at pc, without the path of its
// package, and "Task" if it has none.
func functionName(pc uintptr) string {
	f := runtime.FuncForPC(pc)
	if f == nil {
		return "Task"
	}
	name := strings.TrimSuffix(f.Name(), "-fm") // of a method value
	if i, j := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']'); 0 <= i && i < j {
		name = name[:i] + name[j+1:] // without the type arguments, which have paths too
	}
	return lastElement(name)
}

// task returns the task that n is or is part of, or nil.
func (n *node) task() *node {
	for n != nil && n.self == nil {
		n = n.above()
	}
	return n
}

// handle returns the handle of n, a task or nil. It is nil too if that is
// garbage, see [node.releaseHandle].
func (n *node) handle() Handle {
	if n == nil {
		return nil
	}
	if h, ok := n.self.(Handle); ok {
		return h
	}
	return n.self.(standIn).handle()
}
