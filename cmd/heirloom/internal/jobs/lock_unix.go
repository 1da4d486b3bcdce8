//go:build unix && !aix && !solaris

package jobs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock reports whether nobody else has a lock on the file. If so, f has one until it is
// closed, or the program ends; a command that is started does not inherit it. A file
// system without locks has nobody who has one.
func lock(f *os.File) bool {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			return !errors.Is(err, unix.EWOULDBLOCK)
		}
	}
}
