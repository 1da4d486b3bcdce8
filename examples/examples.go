// Package examples has a folder for each scene. Most scenes use Heirloom together with
// libraries that its own modules do not depend on: routers, loggers, databases, tracers. A
// scene is run by go run ./examples/NAME, or as README.md says. Its tests use the real
// libraries, and its code is meant to be copied.
//
// Package examples is in a module of its own, so that only this module depends on those
// libraries.
package examples
