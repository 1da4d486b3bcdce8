// Package tracers tries ctxotel over real tracers that put labels on goroutines:
// Grafana's for Pyroscope, and Datadog's. It has nothing but tests, and is a module of
// its own since they need a later Go than the rest.
package tracers
