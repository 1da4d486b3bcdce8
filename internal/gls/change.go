package gls

// A Change is one assignment to a variable, kept so that it can be undone.
//
// where and old do not change, so any goroutine may look at them. Only one that
// finds itself to be where the change was made uses the rest, and there is one
// such at a time: a goroutine hands an environment over by ending its run.
type Change struct {
	where  *Home  // see [Home.where]
	old    any    // the value before, nil if there was none
	before *Frame // what the goroutine had, or nil
	after  *Frame // the frame that was installed
}

// Old returns the value that the assignment replaced, or nil.
func (c *Change) Old() any { return c.old }

// Set makes value, which must not be nil, the running goroutine's value of key.
func Set(key uint32, value any) Change {
	f := Current()
	home := f.homeOf(goid())
	after := f.with(key, value, home)
	after.install()
	return Change{where: home.where(), old: f.Values().Get(key), before: f, after: after}
}

// Undo gives key, which c was made for, the value it had before. It reports
// false, and does nothing, if the running goroutine isn't where c was made: in
// a run of the same environment or, outside of any, in the same goroutine. It
// must be called once, but for calls that report false.
func (c *Change) Undo(key uint32) bool {
	f := Current()
	if !f.ownedBy(goid()) || f.home.where() != c.where {
		return false
	}
	if f.same(c.after) {
		// Nothing happened since, or it was undone: the price of this is nothing.
		f.home.publish(c.before)
		f.home.putBack(c.before)
	} else {
		values := f.values
		if c.old != nil {
			values = values.With(key, c.old)
		} else {
			values = values.Without(key)
		}
		(&Frame{home: f.home, values: values}).install()
	}
	// c may be kept long after it was undone, and should not keep frames alive.
	c.before, c.after = nil, nil
	return true
}

// publish makes f, which may be nil, what others find in the environment of h,
// which the running goroutine must own.
func (h *Home) publish(f *Frame) {
	if h.env != nil {
		h.env.newest.Store(f)
	}
}
