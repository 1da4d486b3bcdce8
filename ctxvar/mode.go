package ctxvar

import "github.com/heirloom-go/heirloom/internal/gls"

// Mode returns how this program's goroutines carry their variables: "default",
// along with their profiler labels, or "exact", in a place of their own, if it
// was built by the command heirloom exact. See "Profiler labels" above.
func Mode() string { return gls.Mode }

// MayBeLost reports whether the running goroutine may have had variables that
// are not to be found: somebody else's profiler labels were on it when it first
// used a variable, so they may have taken the place of what it had inherited.
// Those that it starts, and copies of its values, have that from it; a [Work]
// and [Detach] have not. It is always false in the exact mode.
//
// It is for code to which it makes a difference whether a variable is not set
// or nobody knows: one that runs a statement outside of a transaction because
// there is none, say. Do labels through [Do], or with a ctx of [NewContext], to
// be sure.
func MayBeLost() bool { return gls.MayBeLost() }

// LostCount returns how many goroutines were found so far for which [MayBeLost]
// is true, but for those that have it from another. It is for metrics: a program
// in which it does not stay at 0 has a tracer or an agent that labels
// goroutines with contexts of its own.
func LostCount() uint64 { return gls.LostCount() }

// OnLost makes f, which may be nil, what is called whenever [LostCount] grows,
// in the goroutine that it counts, which may be anywhere in its work: f should
// do no more than look at the stack or count. f may be called by several
// goroutines at the same time. There is one such function; OnLost replaces it.
func OnLost(f func()) { gls.OnLost(f) }
