package ctxvar

import "github.com/heirloom-go/heirloom/internal/gls"

// A guarded is the value in a binding of a variable for identity. Such a binding has a
// key of its own, [Var].guard, so Get of other variables, which compares keys, needs no
// further check.
type guarded[T any] struct {
	value T
	stay  gls.Stay // where it is readable
}

// assignHere is assign for a variable for identity.
func (v *Var[T]) assignHere(value T) gls.Change {
	b := &gls.Bound[guarded[T]]{Value: guarded[T]{value, gls.StayHere()}}
	b.Key = v.guard
	return gls.Current().Set(v.key.ID, &b.Binding, nil)
}

// valueOf returns the value in b, which is a binding of v.
func (v *Var[T]) valueOf(b *gls.Binding) T {
	if v.guard != nil {
		return gls.As[guarded[T]](b).Value.value
	}
	return gls.As[T](b).Value
}

func (v *Var[T]) anyOf(b *gls.Binding) any { return v.valueOf(b) }

// identical reports whether a and b, two bindings of v, have the very same value.
// A binding for identity is never copied.
func (v *Var[T]) identical(a, b *gls.Binding) bool {
	return a == b || v.guard == nil && gls.Identical[T](a, b)
}

// standing returns the relation of f to the work to which b, a binding of v,
// belongs.
func (v *Var[T]) standing(b *gls.Binding, f *gls.Frame) gls.Standing {
	if v.guard == nil {
		return gls.Within
	}
	return gls.As[guarded[T]](b).Value.stay.Of(f)
}

// boundTo returns the variable of b.
func boundTo(b *gls.Binding) Variable { return b.Key.Var.(Variable) }

// readable reports whether the running goroutine may read the value of b in f,
// which is its own frame or the frame of a Context, and has b.
func readable(b *gls.Binding, f *gls.Frame) bool {
	return boundTo(b).standing(b, f) == gls.Within
}

// ofIdentity returns the value in b, which is what the running goroutine's
// frame has for v, if v is a variable for identity and the value is readable
// here.
func (v *Var[T]) ofIdentity(b *gls.Binding) (value T, ok bool) {
	if b != nil && b.Key == v.guard && v.self == v && v.standing(b, gls.Current()) == gls.Within {
		return v.valueOf(b), true
	}
	return value, false
}

// why returns the reason why v has no value here, or nil if no reason is
// known.
func (v *Var[T]) why() error {
	f := gls.Current()
	if b := f.Values().Get(v.key.ID); b != nil {
		switch v.standing(b, f) {
		case gls.Elsewhere:
			return ErrOtherWork
		case gls.Over:
			if gls.InRun() {
				return ErrWorkOver
			}
			return ErrOutlived
		}
	}
	if gls.MayBeLost() {
		return ErrMayBeLost
	}
	return nil
}
