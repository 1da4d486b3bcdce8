package trie

import "unsafe"

// A Key identifies a variable, by its address.
type Key struct {
	ID  uint32 // the key in a [Map], which no other variable has
	Var any    // the variable
	// Copy returns a copy of a binding of the variable. It may be nil if none of
	// its bindings is ever part of a larger object, see [Map.With].
	Copy func(*Binding) *Binding
}

// A Binding is the beginning of a [Bound] of any type.
type Binding struct{ Key *Key }

// A Bound is a variable with its value, which is of type T.
type Bound[T any] struct {
	Binding
	Value T
}

// As returns the Bound that begins with b. It must be one of type T, which the
// caller knows by its Key.
func As[T any](b *Binding) *Bound[T] { return (*Bound[T])(unsafe.Pointer(b)) }

// Identical reports whether a and b, which must be of type T, have the very same
// value, byte for byte, as a binding and its copy do. If T has padding, it may
// report false for these as well.
func Identical[T any](a, b *Binding) bool { return bytesOf[T](a) == bytesOf[T](b) }

func bytesOf[T any](b *Binding) string {
	v := &As[T](b).Value
	return unsafe.String((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}

// Copied returns a copy of b, which must be of type T. It is the Copy of a [Key].
func Copied[T any](b *Binding) *Binding {
	c := *As[T](b)
	return &c.Binding
}
