package ctxhttp

import (
	"net/http"
	"slices"
)

// A Transport is an [http.RoundTripper] that sends variables on, as headers of
// each request, and lets another one do the rest. [NewTransport] makes it. It is
// safe for concurrent use if the other one is.
type Transport struct {
	base    http.RoundTripper
	headers []Header
}

var _ http.RoundTripper = (*Transport)(nil)

// NewTransport returns a Transport that adds headers to each request and lets
// base make it. A nil base stands for [http.DefaultTransport], behind [Detach].
// It panics if a Header was made by neither [ToHeader] nor [ToHeaderFunc].
//
// A value is that of the goroutine that makes the request or, if it has none,
// that in the snapshot which the request's ctx carries, see [ctxvar.NewContext].
// A variable that has neither, or whose value is empty, is not sent; its
// default is not either, since that says nothing that the other side could not
// say itself. A header that the request has already is replaced: a proxy, for
// one, passes on those of the request it has got, and the variable is what
// became of them.
func NewTransport(base http.RoundTripper, headers ...Header) *Transport {
	if base == nil {
		base = Detach(nil)
	}
	for _, h := range headers {
		if h.value == nil {
			panic("ctxhttp: NewTransport of an empty Header: make it with ToHeader or ToHeaderFunc")
		}
	}
	return &Transport{base: base, headers: slices.Clone(headers)}
}

// RoundTrip makes the request, or rather, if there is something to add, a copy
// of it: a RoundTripper may not change the one it is given.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r
	for _, h := range t.headers {
		value := h.value(r.Context())
		if value == "" {
			continue
		}
		if sent == r {
			sent = r.WithContext(r.Context())
			if sent.Header = r.Header.Clone(); sent.Header == nil {
				sent.Header = make(http.Header)
			}
		}
		sent.Header[h.name] = []string{value}
	}
	return t.base.RoundTrip(sent)
}

// CloseIdleConnections closes those of the RoundTripper within, if it has any.
// [http.Client.CloseIdleConnections] calls it.
func (t *Transport) CloseIdleConnections() { closeIdleConnections(t.base) }

func closeIdleConnections(rt http.RoundTripper) {
	if c, ok := rt.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
