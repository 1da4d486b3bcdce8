// Package examples has a folder for each scene in which Heirloom meets a library
// that its own modules do not depend on: routers, loggers, databases, tracing.
// Each runs by go run ./examples/NAME, or as README.md says, is tested over the real thing, and is
// meant to be copied.
//
// It is a module of its own, so that those libraries are nobody's dependency but
// its own.
package examples
