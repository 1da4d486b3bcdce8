package ctxslog

import (
	"log/slog"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// An Attr is an attribute that a [Handler] adds to records, made from a
// variable. [Var] and [VarFunc] make one.
type Attr struct {
	name      string
	redact    bool
	omitUnset bool

	// in returns the value in c for a record, and reports whether there is
	// one.
	in func(c *ctxvar.Context) (slog.Value, bool)
}

// An Option configures an [Attr]. See [Name], [OmitUnset] and [Redact].
type Option interface{ apply(*Attr) }

type optionFunc func(*Attr)

func (f optionFunc) apply(a *Attr) { f(a) }

// Name sets the name of the attribute; the default is the variable's name. With
// an empty name, the members of a value that is a group are written at the top
// level.
func Name(name string) Option { return optionFunc(func(a *Attr) { a.name = name }) }

// OmitUnset omits the attribute where no value is set, even if the variable has
// a default.
func OmitUnset() Option { return optionFunc(func(a *Attr) { a.omitUnset = true }) }

// Redact writes [ctxvar.Redacted] instead of the value: readers see that there
// is one, but not what it is. To write part of the value, use [VarFunc].
//
// The value of a variable declared with [ctxvar.Secret] is always redacted,
// even by VarFunc.
func Redact() Option { return optionFunc(func(a *Attr) { a.redact = true }) }

var redacted = slog.StringValue(ctxvar.Redacted)

// Var returns an attribute with the value and the name of v. The value is
// converted as by [slog.AnyValue]; a [slog.LogValuer] determines what is
// written.
func Var[T any](v *ctxvar.Var[T], opts ...Option) Attr {
	return newAttr(v, valuer[T](), opts)
}

// VarFunc returns an attribute with the name of v and the result of f for the
// value of v. The inner handler calls f for each record that it writes, so not
// for one that, for example, a sampler drops. f should read only the value it
// is given and no variable, because a handler may write records in another
// goroutine. It may be called by several goroutines at the same time. If f
// panics, slog writes the place of the panic instead of the value. If it
// returns a group without attributes, nothing is written.
//
// VarFunc panics with a [*ctxvar.UsageError] if f is nil.
func VarFunc[T any](v *ctxvar.Var[T], f func(T) slog.Value, opts ...Option) Attr {
	if f == nil {
		panic(&ctxvar.UsageError{Func: "ctxslog.VarFunc", Problem: "nil function for " + v.Name() + "; pass one that makes a slog.Value, or use Var"})
	}
	return newAttr(v, func(value T) slog.Value {
		return slog.AnyValue(&deferred[T]{f, value})
	}, opts)
}

// A deferred delays the call of f until a handler needs the result.
type deferred[T any] struct {
	f     func(T) slog.Value
	value T
}

func (d *deferred[T]) LogValue() slog.Value { return d.f(d.value) }

func newAttr[T any](v *ctxvar.Var[T], value func(T) slog.Value, opts []Option) Attr {
	a := Attr{name: v.Name()}
	for _, opt := range opts {
		if opt == nil {
			panic(&ctxvar.UsageError{Func: "ctxslog.Option", Problem: "nil Option; leave it out"})
		}
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

// valuer returns the function that converts a T to a [slog.Value].
// slog.AnyValue does that for all types, but takes an any, which allocates.
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
