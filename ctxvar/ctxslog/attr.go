package ctxslog

import (
	"log/slog"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// An Attr is what a [Handler] adds to records: an attribute made from a
// variable. [Var] and [VarFunc] make them.
type Attr struct {
	name      string
	redact    bool
	omitUnset bool

	// in returns the value for a record, and whether there is one, where c is what
	// counts.
	in func(c *ctxvar.Context) (slog.Value, bool)
}

// An Option configures an [Attr]. See [Name], [OmitUnset] and [Redact].
type Option interface{ apply(*Attr) }

type optionFunc func(*Attr)

func (f optionFunc) apply(a *Attr) { f(a) }

// Name gives the attribute another name than the variable's own. With an empty
// one, a value that is a group has its members written at the top level.
func Name(name string) Option { return optionFunc(func(a *Attr) { a.name = name }) }

// OmitUnset leaves the attribute out where no value is set, though the variable
// has a default.
func OmitUnset() Option { return optionFunc(func(a *Attr) { a.omitUnset = true }) }

// Redact writes [ctxvar.Redacted] in place of the value: that there is one may be
// known, but not what it is. To write part of it, use [VarFunc].
//
// A variable that is marked with [ctxvar.Secret] is always written so, also by
// VarFunc.
func Redact() Option { return optionFunc(func(a *Attr) { a.redact = true }) }

var redacted = slog.StringValue(ctxvar.Redacted)

// Var returns an attribute with the value of v, named as v is. The value is
// written as [slog.AnyValue] would have it: a [slog.LogValuer] has the say over
// what that is.
func Var[T any](v *ctxvar.Var[T], opts ...Option) Attr {
	return newAttr(v, valuer[T](), opts)
}

// VarFunc returns an attribute with what f makes of the value of v, named as v
// is. f is called with each record that is written, by the handler within, and
// so not for one that a sampler, say, leaves out; it should read the value it is
// given, and no variable, since a handler may write records in a goroutine of
// its own. It may be called by several goroutines at the same time. If it panics,
// slog writes where, in place of the value. If it returns a group of no
// attributes, nothing is written.
//
// VarFunc panics if f is nil.
func VarFunc[T any](v *ctxvar.Var[T], f func(T) slog.Value, opts ...Option) Attr {
	if f == nil {
		panic("ctxslog: VarFunc of a nil function for " + v.Name())
	}
	return newAttr(v, func(value T) slog.Value {
		return slog.AnyValue(&deferred[T]{f, value})
	}, opts)
}

// deferred puts off a call of f until a handler needs what it returns.
type deferred[T any] struct {
	f     func(T) slog.Value
	value T
}

func (d *deferred[T]) LogValue() slog.Value { return d.f(d.value) }

func newAttr[T any](v *ctxvar.Var[T], value func(T) slog.Value, opts []Option) Attr {
	a := Attr{name: v.Name()}
	for _, opt := range opts {
		opt.apply(&a)
	}
	if a.redact || v.Secret() {
		value = func(T) slog.Value { return redacted }
	}
	get := v.LookupIn
	if a.omitUnset {
		get = v.In
	}
	a.in = func(c *ctxvar.Context) (slog.Value, bool) {
		if x, ok := get(c); ok {
			return value(x), true
		}
		return slog.Value{}, false
	}
	return a
}

// valuer returns the function that makes a [slog.Value] of a T. slog.AnyValue
// does so for all types, but takes an any, which allocates.
func valuer[T any]() func(T) slog.Value {
	var f any
	switch any((*T)(nil)).(type) {
	case *string:
		f = slog.StringValue
	case *int:
		f = slog.IntValue
	case *int64:
		f = slog.Int64Value
	case *uint64:
		f = slog.Uint64Value
	case *float64:
		f = slog.Float64Value
	case *bool:
		f = slog.BoolValue
	case *time.Duration:
		f = slog.DurationValue
	case *time.Time:
		f = slog.TimeValue
	default:
		return func(value T) slog.Value { return slog.AnyValue(value) }
	}
	return f.(func(T) slog.Value)
}
