// Package routers has one small service under four routers: chi, gorilla/mux,
// gin and echo. Each request has its ID and its tenant from its headers, and
// what the service calls reads them with no parameter.
//
// chi and gorilla/mux take net/http's middleware as it is, and echo has an
// adapter for it. For gin there is [GinMiddleware].
package routers
