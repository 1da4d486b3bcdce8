// Package tracing has a shop of three services, of which each calls the next:
// the API and the catalog speak HTTP, and the stock gRPC. A request is one trace
// through all three, and each line that any of them logs has the request's ID,
// the trace's and the tenant, though only what gRPC makes have one has a ctx.
//
// Wiring is all that there is to it, and has a file of its own, wiring.go. The
// services are in shop.go, and know nothing of it.
package tracing
