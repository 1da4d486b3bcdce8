package gls

import "context"

// CarrierKey is the key under which a context of ours returns its [Carrier].
type CarrierKey struct{}

// A Carrier is what a context carries: a *[Carried], or an *[Env] whose newest
// variables the context carries.
type Carrier interface {
	// carries returns the variables, which may be nil, and reports whether they
	// are the running goroutine's own, or those of a job that it runs.
	carries() (f *Frame, here bool)
}

// A Carried is a snapshot of the variables of a goroutine, in a context.
type Carried struct {
	frame *Frame
	maker uint64 // the id of that goroutine
}

// Carry returns the running goroutine's variables, for a context to carry. From
// now on, label writes by other code no longer take the variables away from the
// goroutine.
func Carry() Carried {
	f, g := Current(), goid()
	if !f.ownedBy(g) {
		f = f.remember()
	}
	return Carried{f, g}
}

// Maker returns the goroutine that called [Carry], see [Goroutine].
func (c *Carried) Maker() uint64 { return c.maker }

func (c *Carried) carries() (f *Frame, here bool) {
	return c.frame, c.maker == goid() || JobHere() == c
}

func (e *Env) carries() (f *Frame, here bool) {
	f = e.Frame()
	g := goid()
	return f, e.maker == g || f.ownedBy(g)
}

// CarriedBy returns the variables that ctx carries, which may be nil, and
// reports whether it carries any.
func CarriedBy(ctx context.Context) (*Frame, bool) {
	switch c := ctx.Value(CarrierKey{}).(type) {
	case *Carried:
		return c.frame, true
	case *Env:
		return c.Frame(), true
	}
	return nil, false
}

// Counting returns the variables that apply where the running goroutine has
// been given ctx: either its own, or those that ctx carries. If both belong to
// the same work, the goroutine's are the newer ones and apply. Otherwise the
// goroutine has merely inherited its own, and ctx was passed on purpose.
//
// If neither belongs to a work (see [Env.RunWork]), they do not count as being
// of the same work. Then the goroutine's are newer only if the snapshot is its
// own.
func Counting(ctx context.Context) *Frame {
	f := Current()
	c, ok := ctx.Value(CarrierKey{}).(Carrier)
	if !ok {
		return f
	}
	carried, here := c.carries()
	mine, its := f.work(), carried.work()
	if mine == its && (mine != nil || here) {
		return f
	}
	return carried
}

// work returns the work of f, which may be nil, or nil if it has none.
func (f *Frame) work() *Home {
	if f == nil || f.home.work == lostWork {
		return nil
	}
	return f.home.work
}

// AsksVariables reports whether a context that carries variables answers key;
// see [Variables].
func AsksVariables(key any) bool { return key == CarrierKey{} || PprofKey(key) }

// Variables answers such a key for a context that carries what held does and is
// derived from outer. Under one of the keys, the variables are found. Under the
// other, it returns the labels of outer, in a form that lets goroutines inherit
// the variables if they are started while the running goroutine has these
// labels.
func Variables(key any, outer context.Context, held Carrier) any {
	if key == (CarrierKey{}) {
		return held
	}
	return Answer(outer.Value(key))
}
