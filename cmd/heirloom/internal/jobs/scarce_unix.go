//go:build unix

package jobs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// scarce reports whether a start, or a write, may succeed a little later, when
// processes, descriptors, memory or disk space are free again.
func scarce(err error) bool {
	for _, e := range []error{unix.EAGAIN, unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.ENOSPC, unix.EDQUOT, unix.ENOBUFS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// ownLimit reports whether err says that this process has as many descriptors as it may
// have.
func ownLimit(err error) bool { return errors.Is(err, unix.EMFILE) }

// tooLong reports whether a command is too long to be started.
func tooLong(err error) bool { return errors.Is(err, unix.E2BIG) }

// roomAbove is how many descriptors a start needs above those of the command's files. A
// new process moves the files there before it puts them into their places. If there is
// no room, each start fails with EBADF.
const roomAbove = 8

// crowded returns an error if the descriptor of the file is so near to the limit that a
// command can't be started with it.
func crowded(f *os.File) error {
	var limit unix.Rlimit
	if f == nil || unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil || uint64(f.Fd())+roomAbove < uint64(limit.Cur) {
		return nil
	}
	return unix.EMFILE
}
