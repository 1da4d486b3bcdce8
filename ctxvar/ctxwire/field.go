package ctxwire

import (
	"encoding"
	"fmt"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// DefaultMaxLen is the greatest length of a text in bytes, unless [MaxLen] sets
// another.
const DefaultMaxLen = 256

// A Field is a variable that is sent or received, as text under a key.
// [String], [Text], [Func], [From] and [RequestID] make fields, and [Around]
// makes a field without a variable. A Field is immutable and may be given to
// any number of adapters.
//
// Adapters panic if they are given a zero Field.
type Field struct {
	key    string // "" if there is none: From, Around
	name   string // of the variable
	maxLen int
	secret bool

	// encode returns the text of the variable's value in c, and reports whether
	// it has one. It is nil for a field that is not sent.
	encode func(c *ctxvar.Context) (text string, ok bool, err error)
	// decode sets the variable to the value that text encodes, or returns an
	// error. It is nil for a field that is not received.
	decode func(text string) error
	// identity, if not nil, provides the value of the variable if no text is
	// well-formed.
	identity *identity
	// from, if not nil, is the only function of a field made by From.
	from func(in Incoming)
	// receiving and sending are the functions of a field made by Around.
	receiving, sending around

	refused func(*FieldError)
}

// String returns the field of a variable of a string type, whose value is sent
// unchanged. It panics with a [*ctxvar.UsageError] if key is not a token in the
// sense of HTTP.
func String[T ~string](v *ctxvar.Var[T], key string, opts ...Option) Field {
	return Func(v, key,
		func(value T) (string, error) { return string(value), nil },
		func(text string) (T, error) { return T(text), nil },
		opts...)
}

// Text returns the field of a variable of a type that encodes itself as text, as
// time.Time, netip.Addr and most UUID types do. It panics as [String] does.
func Text[T any, P interface {
	*T
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}](v *ctxvar.Var[T], key string, opts ...Option) Field {
	return Func(v, key,
		func(value T) (string, error) {
			text, err := P(&value).MarshalText()
			return string(text), err
		},
		func(text string) (value T, err error) {
			err = P(&value).UnmarshalText([]byte(text))
			return value, err
		},
		opts...)
}

// Func returns the field of a variable of any type. encode returns the text of
// a value; if it returns an error, the value cannot be sent. decode does the
// reverse; if it returns an error, the text is refused, so it can validate
// input from outside. Both may be called by several goroutines at the same
// time.
//
// With a nil encode, the field is received but never sent, as with
// [ReceiveOnly]; with a nil decode, it is sent but never received. Func panics
// with a [*ctxvar.UsageError] if both are nil, or if key is not a token in the
// sense of HTTP, which consists of ASCII letters and digits and any of
// !#$%&'*+-.^_`|~, or if v is declared with [ctxvar.Secret] and the field would
// be sent.
func Func[T any](v *ctxvar.Var[T], key string, encode func(T) (string, error), decode func(string) (T, error), opts ...Option) Field {
	if encode == nil && decode == nil {
		panic(&ctxvar.UsageError{Func: "ctxwire.Func", Problem: "two nil functions for " + v.Name() + "; pass one that encodes, or decodes, or both"})
	}
	if !isToken(key) {
		panic(&ctxvar.UsageError{Func: "ctxwire.Func", Problem: fmt.Sprintf("%q is no key for %s; use letters, digits and any of %s", key, v.Name(), tokenPunctuation)})
	}
	f := Field{key: key, name: v.Name(), maxLen: DefaultMaxLen}
	if encode != nil {
		f.encode = func(c *ctxvar.Context) (string, bool, error) {
			value, ok := v.In(c)
			if !ok {
				return "", false, nil
			}
			text, err := encode(value)
			return text, true, err
		}
	}
	if decode != nil {
		f.decode = func(text string) error {
			value, err := decode(text)
			if err == nil {
				v.Set(value)
			}
			return err
		}
	}
	for _, opt := range opts {
		if opt == nil {
			panic(&ctxvar.UsageError{Func: "ctxwire.Option", Problem: "nil Option; leave it out"})
		}
		opt.apply(&f)
	}
	if f.secret = v.Secret(); f.secret && f.encode != nil {
		panic(&ctxvar.UsageError{Func: "ctxwire.Func", Problem: v.Name() + " is marked secret and must not be sent; make it ReceiveOnly"})
	}
	return f
}

// From returns a field that is received but never sent, for values that are not
// a text under a key: v is set to the value that f finds in a message, and is
// unchanged if f returns false. The documentation of an adapter says what type
// its messages have; f should return false for other types. f may read the
// variables of the preceding fields, and may be called by several goroutines at
// the same time. From panics with a [*ctxvar.UsageError] if f is nil.
func From[T any](v *ctxvar.Var[T], f func(in Incoming) (T, bool)) Field {
	if f == nil {
		panic(&ctxvar.UsageError{Func: "ctxwire.From", Problem: "nil function for " + v.Name() + "; pass one that finds the value in a message"})
	}
	return Field{
		name: v.Name(),
		from: func(in Incoming) {
			if value, ok := f(in); ok {
				v.Set(value)
			}
		},
	}
}

const tokenPunctuation = "!#$%&'*+-.^_`|~"

// isToken reports whether s is a token as RFC 9110 defines it.
func isToken(s string) bool {
	return s != "" && strings.TrimFunc(s, func(c rune) bool {
		return isAlphanumeric(c) || strings.ContainsRune(tokenPunctuation, c)
	}) == ""
}

func isAlphanumeric(c rune) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
