// Package exact prepares a Go distribution for programs in which each goroutine has a
// slot for Heirloom alone, separate from its profiler labels.
//
// It writes an overlay for go build -overlay, which adds three lines and a file: a
// field of the runtime's g beside the one for labels; the copy of this field in the go
// statement; its clearing at a goroutine's end; and accessors of the field. The overlay
// is made anew each time from the sources of the distribution that builds the program,
// and only if these sources treat labels in a way that is known here. So a new release
// of Go either works or is refused, and an overlay is never used with another release.
//
// The accessors are linked to functions that package internal/gls declares under the
// build tag [Tag]. With the tag and without the overlay, a program does not link, and
// the linker's error contains the name of the command that makes the overlay.
package exact
