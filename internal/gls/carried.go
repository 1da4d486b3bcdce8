package gls

import "context"

// CarrierKey is the key under which a context of ours returns its [Carrier].
type CarrierKey struct{}

// A Carrier is what a context carries: a *[Carried], or an *[Env] whose newest
// variables it are.
type Carrier interface {
	// carries returns the variables, which may be nil, and reports whether they
	// are the running goroutine's own, or those of a job that it does.
	carries() (f *Frame, here bool)
}

// A Carried is a snapshot of the variables of a goroutine, in a context.
type Carried struct {
	frame *Frame
	maker uint64 // the id of that goroutine
}

// Carry returns the running goroutine's variables for a context to carry. From
// now on no label that anybody writes takes them away from the goroutine.
func Carry() Carried {
	f, g := Current(), goid()
	if !f.ownedBy(g) {
		f.remember()
	}
	return Carried{f, g}
}

func (c *Carried) carries() (f *Frame, here bool) {
	return c.frame, c.maker == goid() || jobHere() == c
}

func (e *Env) carries() (f *Frame, here bool) {
	f = e.Frame()
	g := goid()
	return f, e.maker == g || f.ownedBy(g)
}

// CarriedBy returns what ctx carries, which may be nil, and whether it carries
// anything.
func CarriedBy(ctx context.Context) (*Frame, bool) {
	switch c := ctx.Value(CarrierKey{}).(type) {
	case *Carried:
		return c.frame, true
	case *Env:
		return c.Frame(), true
	}
	return nil, false
}

// Counting returns the variables that count where the running goroutine has been
// given ctx. Two may be about: what the goroutine has, and what ctx carries. If
// they are about the same piece of work, the goroutine's are the newer ones.
// Otherwise the goroutine has merely inherited its own, and ctx was passed on
// purpose.
//
// Two goroutines that no piece of work was ever begun for, see [Env.RunWork],
// are not at the same one. There the goroutine's are newer only if the snapshot
// is its own.
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

// work returns what f, which may be nil, is about, or nil.
func (f *Frame) work() *Home {
	if f == nil {
		return nil
	}
	return f.home.work
}
