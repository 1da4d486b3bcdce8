package jobs

import (
	"os"

	"golang.org/x/sys/unix"
)

// unnamedFile opens an empty file that disappears when its last user closes it. The
// file never has a name, if the file system supports that.
func unnamedFile() (*os.File, error) {
	f, err := os.OpenFile(os.TempDir(), os.O_RDWR|unix.O_TMPFILE|unix.O_EXCL, 0o600)
	if err != nil {
		return removedFile()
	}
	return f, nil
}
