// Package examples has a folder for each scene in which Heirloom meets a
// library that its own modules do not depend on: routers, loggers, databases.
// Each is meant to be copied, and is tested over the real thing.
//
// It is a module of its own, so that those libraries are nobody's dependency
// but its own.
package examples
