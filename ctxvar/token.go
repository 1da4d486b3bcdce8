package ctxvar

import (
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Token is the result of [Var.Set]. It allows undoing that one assignment,
// once. It mirrors Python's contextvars.Token.
//
// A Token may be used by the goroutine that made it, or by any goroutine that
// runs the [Context] in which it was made. Until it is used, it keeps the
// goroutine's previous values alive; afterwards, only the value that OldValue
// returns. If several goroutines use a Token at the same time, at most one
// succeeds.
type Token[T any] struct {
	v      *Var[T]
	change gls.Change
	used   once
}

// A once says whether a token was used. The token's place has one goroutine at a
// time. Only this goroutine sets the once, and never resets it. So a plain store
// is enough: it writes one word, and a reader sees the old value or the new one. A
// goroutine that the token's user synchronises with afterwards sees the new one.
// No reader looks at anything else because of what it sees here. An atomic store
// would order writes that need no order, and take a twentieth of the time of Set
// and Reset.
type once uint32

func (o *once) isSet() bool { return atomic.LoadUint32((*uint32)(o)) != 0 }

//go:norace
func (o *once) set() { *o = 1 }

// Reset restores the value that the variable had before the [Var.Set] that
// returned t. It panics as [Var.Reset] does.
func (t *Token[T]) Reset() { t.v.Reset(t) }

// of returns the name of the variable that t belongs to, for error texts.
func (t *Token[T]) of() string {
	if t.v == nil {
		return "none, for it was not made by Set"
	}
	return t.v.name
}

// Var returns the variable that t belongs to. It mirrors Token.var.
func (t *Token[T]) Var() *Var[T] { return t.v }

// OldValue returns the value that the variable had before the [Var.Set] that
// returned t. It reports false if there was none, in which case Python's
// Token.old_value is Token.MISSING. A value of a variable for identity, see
// [Identity], counts only where it is readable.
func (t *Token[T]) OldValue() (value T, ok bool) {
	old := t.change.Old()
	if old == nil || t.v.standing(old, gls.Current()) != gls.Within {
		return value, false
	}
	return t.v.valueOf(old), true
}
