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
// had.
type Token[T any] struct {
	v      *Var[T]
	change gls.Change
	used   atomic.Bool
}

// Reset gives the variable the value it had before the [Var.Set] that returned
// t. It panics as [Var.Reset] does.
func (t *Token[T]) Reset() { t.v.Reset(t) }

// Var returns the variable that t belongs to. It mirrors Token.var.
func (t *Token[T]) Var() *Var[T] { return t.v }

// OldValue returns the value that the variable had before the [Var.Set] that
// returned t. It reports false where there was none, for which Python's
// Token.old_value is Token.MISSING.
func (t *Token[T]) OldValue() (T, bool) {
	b, ok := t.change.Old().(*binding[T])
	if !ok {
		var zero T
		return zero, false
	}
	return b.value, true
}
