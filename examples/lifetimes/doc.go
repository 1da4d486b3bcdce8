// Package lifetimes shows what keeps a request's values alive after it, how to
// see it, and how to stop it. It goes with docs/lifetimes.md.
package lifetimes
