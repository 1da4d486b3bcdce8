package ctxvar

import "github.com/heirloom-go/heirloom/internal/gls"

// Mode reports how goroutines of this program carry their variables. It returns
// "default" if they carry them along with their profiler labels, or "exact" if
// they have a place of their own for them because the program was built with
// the command heirloom exact. See "Profiler labels" in the package
// documentation.
func Mode() string { return gls.Mode }

// MayBeLost reports whether the running goroutine may have inherited variables
// that can no longer be found. This is so if it had somebody else's profiler
// labels when it first used a variable, because these labels may have replaced
// the variables. Goroutines that it starts and copies of its values report the
// same; inside [Work] and [Detach], MayBeLost is false. It is always false in
// the exact mode.
//
// MayBeLost is false, too, if these labels were removed before the first use of
// a variable, as by pprof.SetGoroutineLabels(context.Background()) or the end of
// a pprof.Do: that leaves no trace.
//
// MayBeLost is for code that must distinguish a variable that is not set from
// one whose value is unknown; for example, code that runs a statement outside
// of a transaction because it finds none. To rule out such losses, write labels
// with [Do]. A ctx from [NewContext] rules them out in the goroutine that is
// labelled, and in most cases in those that it starts.
func MayBeLost() bool { return gls.MayBeLost() }

// LostCount returns the number of goroutines found so far for which [MayBeLost]
// is true, not counting those that inherited this state. It is meant for
// metrics: if the count does not stay at 0, a tracer or an agent in the program
// labels goroutines with contexts of its own, or a goroutine without variables
// starts others inside of a pprof.Do, whose labels nothing distinguishes then;
// [Do] prevents both. A count of 0 does not prove that nothing was lost; see
// MayBeLost.
func LostCount() uint64 { return gls.LostCount() }

// OnLost registers f to be called each time [LostCount] grows, in the goroutine
// that was counted, at whatever point that goroutine has reached. f should
// therefore only record the stack or count. What f sets stays set in that
// goroutine, and is seen by the call that found it. f may be called by several
// goroutines at the same time. There is only one such function; OnLost replaces
// the previous one, and a nil f removes it.
func OnLost(f func()) { gls.OnLost(f) }
