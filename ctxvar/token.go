package ctxvar

import (
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Token is what [Var.Set] returns: the right to undo it, once. It mirrors
// Python's contextvars.Token.
//
// A Token is for the goroutine that made it, or for whoever runs the [Context]
// it was made in. Until it is used it keeps alive the values that its goroutine
// had, and afterwards the one that OldValue returns. Of several goroutines that
// use it at the same time, one succeeds at most.
type Token[T any] struct {
	v      *Var[T]
	change gls.Change
	used   atomic.Bool
}

// Reset gives the variable the value it had before the [Var.Set] that returned
// t. It panics as [Var.Reset] does.
func (t *Token[T]) Reset() {
	if t.v == nil {
		panic(&TokenError{Err: ErrTokenVar, other: t.of()})
	}
	t.v.Reset(t)
}

// of names the variable that t belongs to.
func (t *Token[T]) of() string {
	if t.v == nil {
		return "none, for it was not made by Set"
	}
	return t.v.name
}

// Var returns the variable that t belongs to. It mirrors Token.var.
func (t *Token[T]) Var() *Var[T] { return t.v }

// OldValue returns the value that the variable had before the [Var.Set] that
// returned t. It reports false where there was none, for which Python's
// Token.old_value is Token.MISSING.
func (t *Token[T]) OldValue() (T, bool) {
	old := t.change.Old()
	if old == nil {
		var zero T
		return zero, false
	}
	return valueOf[T](old), true
}
