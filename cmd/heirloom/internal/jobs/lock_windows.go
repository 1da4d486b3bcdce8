package jobs

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock reports whether nobody else has a lock on the file. If so, f has one until it is
// closed, or the program ends. The lock is on a byte that no log reaches, because others
// could not read what is locked.
func lock(f *os.File) bool {
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	return !errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}
