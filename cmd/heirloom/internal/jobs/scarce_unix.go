//go:build unix

package jobs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// scarce reports whether a start, or a write, may succeed a little later: when
// processes, descriptors, memory or disk are free again.
func scarce(err error) bool {
	for _, e := range []error{unix.EAGAIN, unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.ENOSPC, unix.EDQUOT, unix.ENOBUFS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// tooLong reports whether a command cannot be started because of its length.
func tooLong(err error) bool { return errors.Is(err, unix.E2BIG) }
