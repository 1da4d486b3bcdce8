package gls

import "unsafe"

// A Change is one assignment to a variable, kept so that it can be undone.
type Change struct {
	before *labelSet // the slot as it was
	after  *Frame    // the frame that was installed
	scope  *Scope    // where it was made: a scope being run, or nil for after.home
	old    any       // the value before, nil if there was none
}

// Old returns the value that the assignment replaced, or nil.
func (c *Change) Old() any { return c.old }

// Set makes value, which must not be nil, the running goroutine's value of key.
func Set(key uint32, value any) Change {
	before, f := slot()
	home := f.homeOf(goid())
	after := f.with(key, value, before.visible(), home)
	after.install()
	return Change{before: before, after: after, scope: home.scope, old: f.Values().Get(key)}
}

// Undo gives key, which c was made for, the value it had before. It reports
// false, and does nothing, if the running goroutine isn't where c was made: in
// the same run scope or, outside of any, in the same goroutine.
//
// If foreign labels have wiped the slot since, which takes the variables with
// them, Undo brings back those that c knows of.
func (c *Change) Undo(key uint32) bool {
	slot, f := slot()
	g := goid()
	owned := f.ownedBy(g)
	// Our own home is where c was made and yet no frame of ours is in the slot:
	// it was overwritten.
	made := c.after.home
	mine := made.ownedBy(g)
	switch {
	case !owned && mine:
		f = c.after
	case !owned:
		return false
	case c.scope != nil:
		if f.home.scope != c.scope {
			return false
		}
	case !mine || f.home.scope != nil:
		return false
	}
	if owned && f == c.after {
		c.back()
	} else {
		values := f.values
		if c.old != nil {
			values = values.With(key, c.old)
		} else {
			values = values.Without(key)
		}
		newFrame(slot.visible(), f.home, values, f.trail).install()
	}
	// c may be kept long after it was undone, and should not keep frames alive.
	// What made it must go too, but for the home, which tells nothing.
	c.before, c.after = nil, nil
	return true
}

// back puts back what was in the slot before c, to undo it at the price of
// nothing when nothing happened since.
func (c *Change) back() {
	var before *Frame
	if c.before != nil {
		before = c.before.frame()
	}
	// Not just what was in the slot if no variable was: pprof.Do gives a
	// goroutine that never set anything those that its context carries.
	switch labels := c.before.visible(); {
	case before != nil && before.home.blank:
		before = newFrame(labels, c.after.home, noValues, before.trail)
	case before == nil && len(labels) > 0:
		before = newFrame(labels, nobody, noValues, noTrail)
	case before == nil:
		before = nothing
	}
	c.after.home.publish(before)
	setProfLabel(unsafe.Pointer(before))
}
