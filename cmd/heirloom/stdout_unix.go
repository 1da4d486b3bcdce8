//go:build unix

package main

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// keepBrokenPipes makes a write to a pipe without a reader fail instead of ending the
// program silently, so that the failure can be reported. It uses Notify rather than
// Ignore, because an ignored signal stays ignored in the commands that we run.
func keepBrokenPipes() { signal.Notify(brokenPipes, unix.SIGPIPE) }

var brokenPipes = make(chan os.Signal, 1) // is never read

func replacedByRuntime(f *os.File) bool {
	var null, own unix.Stat_t
	if unix.Stat(os.DevNull, &null) != nil || unix.Fstat(int(f.Fd()), &own) != nil {
		return false
	}
	if own.Mode&unix.S_IFMT != unix.S_IFCHR || own.Rdev != null.Rdev {
		return false
	}
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}
