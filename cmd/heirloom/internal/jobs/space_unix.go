//go:build linux || darwin

package jobs

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// spaceFor returns an error if there is no space left on the file system of f.
func spaceFor(f *os.File) error {
	var s unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &s) != nil || s.Blocks == 0 {
		return nil // the file system has no fixed number of blocks
	}
	left := s.Bavail
	if os.Geteuid() == 0 {
		left = s.Bfree // including the blocks reserved for root
	}
	if left > 0 {
		return nil
	}
	dir := f.Name()
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	return fmt.Errorf("%w in %s", unix.ENOSPC, dir)
}
