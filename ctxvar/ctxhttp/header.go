package ctxhttp

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Header is a variable that a [Transport] sends on. See [ToHeader] and
// [ToHeaderFunc].
type Header struct {
	name string
	// value returns what is to be sent with a request of that ctx, "" for
	// nothing.
	value func(context.Context) string
}

// ToHeader returns a header of that name with the value of v. It panics if name
// can't be a header's.
//
// A value that no header can have, one of several lines for example, makes the
// request fail, as it does if it is put there by hand.
func ToHeader[T ~string](v *ctxvar.Var[T], name string) Header {
	return ToHeaderFunc(v, name, func(value T) string { return string(value) })
}

// ToHeaderFunc is [ToHeader] for variables of any type: format makes the
// header's value of v's. If it returns "", the header is not sent. It may be
// called by several goroutines at the same time. ToHeaderFunc panics if format
// is nil.
func ToHeaderFunc[T any](v *ctxvar.Var[T], name string, format func(T) string) Header {
	if format == nil {
		panic("ctxhttp: ToHeaderFunc with a nil function for " + v.Name())
	}
	return Header{
		name: headerName(name),
		value: func(ctx context.Context) string {
			if value, ok := lookup(ctx, v); ok {
				return format(value)
			}
			return ""
		},
	}
}

// lookup returns the running goroutine's value of v or else that in the snapshot
// which ctx carries. Defaults don't count.
func lookup[T any](ctx context.Context, v *ctxvar.Var[T]) (T, bool) {
	if value, ok := v.In(ctxvar.Copy()); ok {
		return value, true
	}
	if c, ok := ctxvar.FromContext(ctx); ok {
		return v.In(c)
	}
	var zero T
	return zero, false
}

// headerName returns name as http.Header has it. It panics if it is not what
// RFC 9110 calls a token.
func headerName(name string) string {
	isToken := func(c rune) bool {
		return isAlphanumeric(c) || strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	}
	if name == "" || strings.TrimFunc(name, isToken) != "" {
		panic("ctxhttp: no header can have the name " + strconv.Quote(name))
	}
	return http.CanonicalHeaderKey(name)
}

func isAlphanumeric(c rune) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// onlyHeader returns the request's header of that name, which must be in
// canonical form, or "" if there is not exactly one.
func onlyHeader(r *http.Request, name string) string {
	if values := r.Header[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}
