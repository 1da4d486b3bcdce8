package gls

// A Change is one assignment to a variable, kept so that it can be undone.
//
// Any goroutine may read where and old, because they do not change. The other
// fields are used only by a goroutine that finds itself in the place where the
// change was made. There is only one such goroutine at a time: an environment
// changes hands only when its run ends.
type Change struct {
	where  *Home  // see [Home.where]
	old    any    // the previous value, nil if there was none
	before *Frame // what the goroutine had, or nil
	after  *Frame // the frame that was installed
}

// Old returns the value that the assignment replaced, or nil.
func (c *Change) Old() any { return c.old }

// Set sets key to value, which must not be nil, in the running goroutine.
func Set(key uint32, value any) Change {
	f := Current()
	home := f.homeOf(goid())
	after := f.with(key, value, home)
	after.install()
	return Change{where: home.where(), old: f.Values().Get(key), before: f, after: after}
}

// Undo restores the previous value of key, for which c was made. It reports
// false, and does nothing, if the running goroutine is not in the place where c
// was made: in a run of the same environment or, outside of any run, in the
// same goroutine. Undo must be called only once, except for calls that report
// false.
func (c *Change) Undo(key uint32) bool {
	f := Current()
	if !f.ownedBy(goid()) || f.home.where() != c.where {
		return false
	}
	switch {
	case !f.same(c.after):
		values := f.values
		if c.old != nil {
			values = values.With(key, c.old)
		} else {
			values = values.Without(key)
		}
		(&Frame{home: f.home, values: values}).install()
	case c.before != nil && c.before.home == f.home:
		// Nothing has changed since, or it was undone: restoring the frame
		// costs nothing.
		f.home.publish(c.before)
		f.home.putBack(c.before)
	default:
		// The goroutine inherited c.before, or had nothing, and began this home
		// with c. It keeps the home: Changes that were made in it after c may
		// still be undone, in any order.
		(&Frame{home: f.home, values: *c.before.Values()}).install()
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
