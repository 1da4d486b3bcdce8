//go:build unix

package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// openDescriptor returns the file that this process was started with, if the path names
// a descriptor, and nil otherwise. On Linux, opening such a path opens the file behind it
// again, at its beginning: the log would overwrite what is there, and the program's output
// would overwrite the log.
func openDescriptor(path string) (*os.File, error) {
	fd, ok := descriptor(path)
	if !ok {
		return nil, nil
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil || fd > 2 && closesOnExec(fd) {
		return nil, fmt.Errorf("%s: there is no such descriptor", path)
	}
	if flags&unix.O_ACCMODE == unix.O_RDONLY {
		return nil, fmt.Errorf("%s: the descriptor is not open for writing", path)
	}
	switch fd {
	case 1:
		return os.Stdout, nil
	case 2:
		return os.Stderr, nil
	}
	return os.NewFile(uintptr(fd), path), nil
}

// closesOnExec reports whether the descriptor is one of this program's own. None that it
// was started with is closed on exec.
func closesOnExec(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err != nil || flags&unix.FD_CLOEXEC != 0
}

// descriptor returns the descriptor that the path names, itself or as a link: the log of
// a program in a container often is a link to /dev/stderr.
func descriptor(path string) (fd int, ok bool) {
	if path == "-" {
		return 1, true
	}
	for range 40 {
		for name, fd := range map[string]int{"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2} {
			if path == name {
				return fd, true
			}
		}
		for _, dir := range []string{"/dev/fd/", "/proc/self/fd/"} {
			if name, ok := strings.CutPrefix(path, dir); ok {
				fd, err := strconv.ParseUint(name, 10, 31)
				return int(fd), err == nil
			}
		}
		target, err := os.Readlink(path)
		if err != nil {
			return 0, false
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return 0, false
}
