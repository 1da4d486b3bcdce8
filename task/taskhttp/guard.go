package taskhttp

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// stranger returns the reason why r is refused as one that a browser sends on
// behalf of another site's page, or "". A client that is not a browser is never
// refused here: the program decides who may reach the handler.
func (h *Handler) stranger(r *http.Request) string {
	switch {
	case !h.knowsHost(r):
		// A page of evil.example may have its name resolved to 127.0.0.1, and is
		// then of the same origin as what is served there.
		return "the Host of the request is not this machine; if a proxy passes its own on, name it with taskhttp.Hosts"
	case isForeign(r) && !opensPage(r):
		return "the request comes from another site's page"
	}
	return ""
}

// knowsHost reports whether this handler serves the Host of r. For a connection over
// an address that is not loopback, every Host is accepted.
func (h *Handler) knowsHost(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || h.hosts[host] {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// isForeign reports whether a browser says that r comes from a page of another
// origin. A browser sends Sec-Fetch-Site only over a connection that is encrypted or to
// this machine; otherwise one of the other headers shows it.
func isForeign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		for _, name := range []string{"Origin", "Referer"} {
			if from := r.Header.Get(name); from != "" {
				u, err := url.Parse(from)
				return err != nil || !strings.EqualFold(u.Host, r.Host)
			}
		}
		return false
	}
	return true
}

// opensPage reports whether r follows a link to the page itself. The page contains
// nothing of the program, and sends requests of its own for the rest.
func opensPage(r *http.Request) bool {
	switch {
	case !asksPage(r):
		return false
	case r.Header.Get("Sec-Fetch-Site") == "":
		return r.Header.Get("Origin") == ""
	}
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// asksPage reports whether r is for the page. Browsers accept text/html by name; curl
// and other clients do not.
func asksPage(r *http.Request) bool {
	return !asksEvents(r) && r.URL.Query().Get("format") == "" && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func asksEvents(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/events") }
