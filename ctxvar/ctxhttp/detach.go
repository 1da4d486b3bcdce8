package ctxhttp

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Detach returns an [http.RoundTripper] that calls base without any variable
// set, as [ctxvar.Detach] does. A nil base stands for [http.DefaultTransport].
//
// An [http.Transport] keeps connections for later requests, each with goroutines
// that were started while the first request was made. They inherit its
// variables, and keep their values alive for as long as the connection lasts,
// which may be as long as the program. With Detach there is nothing to inherit.
//
// Nor is there for what base calls: its Proxy and Dial functions, another
// RoundTripper. A RoundTripper that reads variables belongs around Detach; they all
// have the request's ctx, and the snapshot it carries.
//
// The request's body and the hooks of its [httptrace.ClientTrace] do have the
// request's variables, whatever goroutine reads the body and calls the hooks. What
// they set is gone when they return.
func Detach(base http.RoundTripper) http.RoundTripper { return detached{base} }

type detached struct{ base http.RoundTripper }

// roundTripper returns d.base, or else what is the default at that time, as
// http.Client does.
func (d detached) roundTripper() http.RoundTripper {
	if d.base == nil {
		return http.DefaultTransport
	}
	return d.base
}

func (d detached) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	r = own(r, ctxvar.Effective(r.Context()))
	ctxvar.Detach(func() { resp, err = d.roundTripper().RoundTrip(r) })
	return resp, err
}

func (d detached) CloseIdleConnections() { closeIdleConnections(d.roundTripper()) }
