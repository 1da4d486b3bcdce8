package jobs

import (
	"os"

	"golang.org/x/sys/unix"
)

// unnamedFile opens an empty file that is gone when its last user closes it. It
// is one that never had a name, where the file system knows such files.
func unnamedFile() (*os.File, error) {
	f, err := os.OpenFile(os.TempDir(), os.O_RDWR|unix.O_TMPFILE|unix.O_EXCL, 0o600)
	if err != nil {
		return removedFile()
	}
	return f, nil
}
