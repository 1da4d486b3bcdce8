package gls

// A Change is one assignment to a variable, kept so that it can be undone.
//
// Any goroutine may read where and old, because they do not change. The other
// fields are used only by a goroutine that finds itself in the place where the
// change was made. There is only one such goroutine at a time: an environment
// changes hands only when its run ends.
type Change struct {
	where  *Home    // see [Home.where]
	old    *Binding // the previous one, nil if there was none
	before *Frame   // what the goroutine had, or nil
	after  *Frame   // the frame that was installed
}

// Old returns the binding that the assignment replaced, or nil.
func (c *Change) Old() *Binding { return c.old }

// Set sets key to b, which must not be nil, in the running goroutine, whose
// frame is f, as [Current] returned it. next is the frame to which b belongs, if
// it belongs to a [Sole] or a [DeepSole], and otherwise nil.
func (f *Frame) Set(key uint32, b *Binding, next *Frame) Change {
	var home *Home
	if g := goid(); f.ownedBy(g) {
		home = f.home
	} else {
		home = f.newHome(g)
	}
	values, own := f.Values(), next != nil
	if !own {
		next = newFrame(values.SlotsWith(key))
	}
	next.home = home
	old := values.Apart(values.With(&next.values, key, b, own))
	next.follow(f)
	return Change{where: home.where(), old: old, before: f, after: next}
}

// Undo restores the previous value of key, for which c was made. It reports
// false, and does nothing, if the running goroutine is not in the place where c
// was made: in a run of the same environment or, outside of any run, in the
// same goroutine. Undo must be called only once, except for calls that report
// false.
func (c *Change) Undo(key uint32) bool {
	p := Peek() // this and the next lines are Current, without the call, which takes 1 ns
	f := FrameIn(p)
	if f == nil {
		f = Recall(p)
	}
	if !f.ownedBy(goid()) || f.home.where() != c.where {
		return false
	}
	same := f == c.after || f.same(c.after)
	switch {
	case same && c.before != nil && c.before.home == f.home && (c.old == nil || c.before.values.Handy(key)):
		// Nothing has changed since, or it was undone: restoring the frame
		// costs nothing.
		f.home.publish(c.before)
		f.giveWay(c.before)
	case c.old != nil:
		// There are two reasons to be here if nothing has changed since. The
		// goroutine inherited c.before and began this home with c; it keeps the
		// home, because Changes made in it after c may still be undone, in any
		// order. Or the next Set of key would be expensive with c.before, see
		// [trie.Map.Handy], and is not with a frame made of f.
		next := newFrame(f.values.SlotsWith(key))
		next.home = f.home
		f.values.With(&next.values, key, c.old, false)
		next.install()
	case same:
		frameOf(f.home, c.before.Values()).install()
	default:
		frameOf(f.home, f.values.Without(key)).install()
	}
	// c may be kept long after it was undone, and must not keep frames alive.
	c.before, c.after = nil, nil
	return true
}

// publish makes f, which may be nil, the frame that others find in the
// environment of h. The running goroutine must own h.
func (h *Home) publish(f *Frame) {
	if h.env != nil {
		h.env.newest.Store(f)
	}
}
