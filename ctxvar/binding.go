package ctxvar

import "github.com/heirloom-go/heirloom/internal/gls"

// A binding is a variable with its value, as stored in the trie.
type binding[T any] struct {
	v     *Var[T]
	value T
}

// An identityBinding is a binding of a variable for identity. It is a type of
// its own so that other variables pay nothing for it.
type identityBinding[T any] struct {
	binding[T]
	stay gls.Stay // where it is readable
}

// bound is a binding of any kind and type.
type bound interface {
	// pair returns the variable and its value, without their static type.
	pair() (Variable, any)

	// readable reports whether the running goroutine may read the value in f,
	// which is its own frame or the frame of a Context.
	readable(f *gls.Frame) bool
}

func (b *binding[T]) pair() (Variable, any)    { return b.v, b.value }
func (b *binding[T]) readable(*gls.Frame) bool { return true }

func (b *identityBinding[T]) readable(f *gls.Frame) bool { return b.stay.Of(f) == gls.Within }

// bind returns a binding of v to value.
func (v *Var[T]) bind(value T) any {
	if v.identity {
		return &identityBinding[T]{binding[T]{v, value}, gls.StayHere()}
	}
	return &binding[T]{v, value}
}

// valueOf returns the value in b, a binding of a variable of type T.
func valueOf[T any](b any) T {
	if b, ok := b.(*identityBinding[T]); ok {
		return b.value
	}
	return b.(*binding[T]).value
}

// ofIdentity returns the value in held, which is what the running goroutine's
// frame has for v, if v is a variable for identity and the value is readable
// here.
func (v *Var[T]) ofIdentity(held any) (value T, ok bool) {
	if b, _ := held.(*identityBinding[T]); b != nil && b.v == v && b.readable(gls.Current()) {
		return b.value, true
	}
	return value, false
}

// why returns the reason why v has no value here, or nil if no reason is
// known.
func (v *Var[T]) why() error {
	f := gls.Current()
	if b, _ := f.Values().Get(v.id).(*identityBinding[T]); b != nil {
		switch b.stay.Of(f) {
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
