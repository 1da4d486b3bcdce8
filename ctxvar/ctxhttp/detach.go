package ctxhttp

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Detach returns an [http.RoundTripper] that calls base with no variables set,
// as [ctxvar.Detach] does. A nil base means [http.DefaultTransport].
//
// An [http.Transport] keeps connections for later requests, each with
// goroutines that were started while the first request was made. They inherit
// that request's variables, and keep their values alive for as long as the
// connection lasts, which may be as long as the program. With Detach they
// inherit nothing.
//
// This also applies to what base calls: its Proxy and Dial functions, or
// another RoundTripper. A RoundTripper that reads variables belongs around
// Detach; all of them have the request's ctx, and the snapshot that it carries.
//
// The request's body and the hooks of its [httptrace.ClientTrace] do have the
// request's variables, whichever goroutine reads the body or calls the hooks.
// What they set is discarded when they return.
func Detach(base http.RoundTripper) http.RoundTripper { return detached{base} }

type detached struct{ base http.RoundTripper }

// roundTripper returns d.base, or otherwise the current default, as http.Client
// does.
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
