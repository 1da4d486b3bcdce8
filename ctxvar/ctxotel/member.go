package ctxotel

import (
	"encoding"
	"fmt"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"go.opentelemetry.io/otel/baggage"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// DefaultMaxLen is how many bytes long a value may be unless [MaxLen] says
// otherwise. It counts before percent-encoding.
const DefaultMaxLen = 256

// A Member is a variable that travels as a member of the baggage. [String],
// [Text] and [Func] make members.
type Member struct {
	key    string
	name   string // of the variable
	maxLen int

	// encode returns the value that c has, and whether it has one.
	encode func(c *ctxvar.Context) (text string, ok bool, err error)
	// decode returns a function that sets the variable to what text stands for.
	decode func(text string) (set func(), err error)
	// reported tells that the error handler knows of a value that can't be sent.
	reported *atomic.Bool
}

// An Option configures a [Member]. See [MaxLen].
type Option interface{ apply(*Member) }

type optionFunc func(*Member)

func (f optionFunc) apply(m *Member) { f(m) }

// MaxLen sets how many bytes long a member's value may be, both sent and
// received; [DefaultMaxLen] if it is not given. All baggage together has 8192
// bytes. MaxLen panics if n is not positive.
func MaxLen(n int) Option {
	if n <= 0 {
		panic(fmt.Sprintf("ctxotel: MaxLen of %d bytes", n))
	}
	return optionFunc(func(m *Member) { m.maxLen = n })
}

// String returns the member of a variable of a string type. It panics if key is
// not one that baggage can have.
func String[T ~string](v *ctxvar.Var[T], key string, opts ...Option) Member {
	return Func(v, key,
		func(value T) (string, error) { return string(value), nil },
		func(text string) (T, error) { return T(text), nil },
		opts...)
}

// Text returns the member of a variable of a type that encodes itself as text, as
// time.Time, netip.Addr and most UUID types do. It panics if key is not one that
// baggage can have.
func Text[T any, P interface {
	*T
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}](v *ctxvar.Var[T], key string, opts ...Option) Member {
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

// Func returns the member of a variable of any type. encode returns what is sent
// for a value, before percent-encoding. decode is its reverse; with an error the
// value counts as malformed, so it is the place for a check of what comes from
// outside. Both may be called by several goroutines at the same time. Func panics
// if one is nil, or if key is not one that baggage can have: what HTTP calls a
// token.
func Func[T any](v *ctxvar.Var[T], key string, encode func(T) (string, error), decode func(string) (T, error), opts ...Option) Member {
	if encode == nil || decode == nil {
		panic("ctxotel: Func of a nil function for " + v.Name())
	}
	if _, err := baggage.NewMember(key, ""); err != nil {
		panic(fmt.Sprintf("ctxotel: %q is no key for %s: use letters, digits and any of !#$%%&'*+-.^_`|~", key, v.Name()))
	}
	m := Member{key: key, name: v.Name(), maxLen: DefaultMaxLen, reported: new(atomic.Bool)}
	m.encode = func(c *ctxvar.Context) (string, bool, error) {
		value, ok := v.In(c)
		if !ok {
			return "", false, nil
		}
		text, err := encode(value)
		return text, true, err
	}
	m.decode = func(text string) (func(), error) {
		value, err := decode(text)
		if err != nil {
			return nil, err
		}
		return func() { v.Set(value) }, nil
	}
	for _, opt := range opts {
		opt.apply(&m)
	}
	return m
}

// check returns nil if text can be the member's value, or ErrTooLong or
// ErrMalformed.
func (m *Member) check(text string) error {
	if len(text) > m.maxLen {
		return ErrTooLong
	}
	if !utf8.ValidString(text) {
		return ErrMalformed
	}
	for _, c := range text {
		if unicode.IsControl(c) {
			return ErrMalformed
		}
	}
	return nil
}
