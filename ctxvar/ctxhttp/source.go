package ctxhttp

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Source sets a variable for each request that [Middleware] handles. See
// [RequestID], [FromHeader], [FromCookie] and [From].
type Source interface {
	// set sets the variable in the running goroutine.
	set(http.ResponseWriter, *http.Request)
}

type sourceFunc func(http.ResponseWriter, *http.Request)

func (f sourceFunc) set(w http.ResponseWriter, r *http.Request) { f(w, r) }

// From returns a source that sets v to what f returns for the request, and
// leaves v as it is if f returns false. f may read the variables that sources
// before this one have set. It is called by the goroutine that serves the
// request, so by several at the same time. From panics if f is nil.
func From[T any](v *ctxvar.Var[T], f func(*http.Request) (T, bool)) Source {
	if f == nil {
		panic("ctxhttp: From with a nil function for " + v.Name())
	}
	return sourceFunc(func(_ http.ResponseWriter, r *http.Request) {
		if value, ok := f(r); ok {
			v.Set(value)
		}
	})
}

// FromHeader returns a source that sets v to the request's header of that name.
// If there is none, an empty one, or more than one, v is left as it is: two
// headers where one is meant are a mistake, or somebody's attempt to have two
// programs see different ones.
//
// For values of other types, and for the host, which net/http does not count
// among the headers, use [From]. FromHeader panics if name can't be a header's.
func FromHeader[T ~string](v *ctxvar.Var[T], name string) Source {
	name = headerName(name)
	return From(v, func(r *http.Request) (T, bool) {
		value := onlyHeader(r, name)
		return T(value), value != ""
	})
}

// FromCookie returns a source that sets v to the value of the request's first
// cookie of that name. If there is none, or an empty one, v is left as it is.
func FromCookie[T ~string](v *ctxvar.Var[T], name string) Source {
	return From(v, func(r *http.Request) (T, bool) {
		cookie, err := r.Cookie(name)
		if err != nil {
			var zero T
			return zero, false
		}
		return T(cookie.Value), cookie.Value != ""
	})
}
