// Package exact prepares a Go distribution for programs in which each goroutine
// has a slot for Heirloom alone, apart from its profiler labels.
//
// It writes an overlay, as go build -overlay takes it, of three lines and a file:
// a field of the runtime's g, beside the one for labels; its copy in the go
// statement; its clearing at a goroutine's end; and accessors of the field. They
// are made from the sources of the distribution that builds the program, each time
// anew, and only if these say about labels what is known here. So a new release of
// Go either works or is refused, and an overlay never meets another release.
//
// The accessors are linked to functions that package internal/gls declares under
// the build tag [Tag]: with the tag and without the overlay a program does not link,
// and the linker's error has the name of the command that makes it.
package exact
