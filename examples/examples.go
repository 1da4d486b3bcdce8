// Package examples has a folder for each scene in which Heirloom meets a library that its own
// modules do not depend on: routers, loggers, databases, tracing. Each scene runs by go run
// ./examples/NAME, or as README.md says. It is tested over the real thing, and is meant to be
// copied.
//
// It is a module of its own, so that only it depends on those libraries.
package examples
