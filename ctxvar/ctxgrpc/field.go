package ctxgrpc

import (
	"context"
	"encoding"
	"fmt"
	"slices"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// DefaultMaxLen is how many bytes long a value may be unless [MaxLen] says
// otherwise.
const DefaultMaxLen = 256

// A Field is a variable that travels with RPCs, under a key of their metadata.
// [String], [Text], [Func] and [RequestID] make fields, and [Around] one without
// a variable.
type Field struct {
	// around, if not nil, is all that the field has.
	around func(context.Context, func(context.Context))

	key    string
	name   string // of the variable
	binary bool   // the value may have any bytes
	maxLen int

	// encode returns the value that c has, as it is sent, and whether c has one.
	encode func(c *ctxvar.Context) (text string, ok bool, err error)
	// decode sets the variable, and reports whether text is well-formed.
	decode func(text string) bool
	// identify, if not nil, sets the variable where there is no well-formed value,
	// perhaps from what other keys have. The value is sent back then.
	identify func(values func(key string) []string) string
}

// An Option configures a [Field]. See [MaxLen].
type Option interface{ apply(*Field) }

type optionFunc func(*Field)

func (f optionFunc) apply(field *Field) { f(field) }

// MaxLen sets how many bytes long a field's value may be, both sent and
// received; [DefaultMaxLen] if it is not given. MaxLen panics if n is not
// positive.
//
// Servers limit the length of all metadata together, by default to 8 KiB in
// other languages, so that long values make RPCs fail.
func MaxLen(n int) Option {
	if n <= 0 {
		panic(fmt.Sprintf("ctxgrpc: MaxLen of %d bytes", n))
	}
	return optionFunc(func(f *Field) { f.maxLen = n })
}

// String returns the field of a variable of a string type, whose value is sent
// as it is. It panics if key is not one that metadata can have.
func String[T ~string](v *ctxvar.Var[T], key string, opts ...Option) Field {
	return Func(v, key,
		func(value T) (string, error) { return string(value), nil },
		func(text string) (T, error) { return T(text), nil },
		opts...)
}

// Text returns the field of a variable of a type that encodes itself as text, as
// time.Time, netip.Addr and most UUID types do. It panics if key is not one that
// metadata can have.
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

// Func returns the field of a variable of any type. encode returns what is sent
// for a value; an error makes the call fail. decode is its reverse; with an
// error the value counts as malformed, so it is the place for a check of what
// clients send. Both may be called by several goroutines at the same time. Func
// panics if one is nil, or if key is not one that metadata can have.
func Func[T any](v *ctxvar.Var[T], key string, encode func(T) (string, error), decode func(string) (T, error), opts ...Option) Field {
	if encode == nil || decode == nil {
		panic("ctxgrpc: Func of a nil function for " + v.Name())
	}
	f := Field{key: strings.ToLower(key), name: v.Name(), maxLen: DefaultMaxLen}
	if !isKey(f.key) {
		panic(fmt.Sprintf("ctxgrpc: %q is no key for %s: use letters, digits and any of -_. and no name of gRPC's own", key, v.Name()))
	}
	f.binary = strings.HasSuffix(f.key, "-bin")
	f.encode = func(c *ctxvar.Context) (string, bool, error) {
		value, ok := v.In(c)
		if !ok {
			return "", false, nil
		}
		text, err := encode(value)
		return text, true, err
	}
	f.decode = func(text string) bool {
		value, err := decode(text)
		if err == nil {
			v.Set(value)
		}
		return err == nil
	}
	for _, opt := range opts {
		opt.apply(&f)
	}
	return f
}

// isKey reports whether key, which is lower-case, can be a key of metadata that
// is not gRPC's own.
func isKey(key string) bool {
	switch key {
	case "", "content-type", "te", "user-agent", "host", "connection":
		return false
	}
	for i := range len(key) {
		if c := key[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return !strings.HasPrefix(key, "grpc-")
}

// check returns nil if text can be the field's value, or ErrTooLong or
// ErrMalformed.
func (f *Field) check(text string) error {
	if len(text) > f.maxLen {
		return ErrTooLong
	}
	if f.binary || text == "" {
		return nil
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return ErrMalformed
		}
	}
	// HTTP/2 has no values that begin or end with a space; proxies cut it off.
	if text[0] == ' ' || text[len(text)-1] == ' ' {
		return ErrMalformed
	}
	return nil
}

// receive sets the field's variable to what the metadata has, if that is
// well-formed. It returns what is to be sent back, or "".
func (f *Field) receive(values func(key string) []string) (back string) {
	found := values(f.key)
	ok := len(found) == 1 && f.check(found[0]) == nil && f.decode(found[0])
	switch {
	case f.identify == nil:
		return ""
	case ok:
		return found[0]
	default:
		return f.identify(values)
	}
}

// send returns what is to be sent for the field, and whether anything is:
// the value in c or, if there is none, that in the snapshot of ctx.
func (f *Field) send(ctx context.Context, c *ctxvar.Context) (text string, ok bool, err error) {
	if text, ok, err = f.encode(c); !ok {
		if snapshot, carried := ctxvar.FromContext(ctx); carried {
			text, ok, err = f.encode(snapshot)
		}
	}
	if ok && err == nil {
		err = f.check(text)
	}
	if err != nil {
		return "", false, &FieldError{Var: f.name, Key: f.key, Err: err}
	}
	return text, ok, nil
}

// fieldsOf returns a copy of fields. It panics if two have the same key.
func fieldsOf(fields []Field) []Field {
	seen := map[string]string{}
	for _, f := range fields {
		if f.around != nil {
			continue
		}
		if f.key == "" {
			panic("ctxgrpc: a zero Field: make it with String, Text, Func, RequestID or Around")
		}
		if other, ok := seen[f.key]; ok {
			panic(fmt.Sprintf("ctxgrpc: %s and %s have the same key, %q", other, f.name, f.key))
		}
		seen[f.key] = f.name
	}
	return slices.Clone(fields)
}
