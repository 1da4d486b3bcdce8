package jobs

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// copyFile writes the content of f, from its offset, to w. Output mostly goes to a
// pipe. There the kernel copies by itself, with sendfile, and no byte passes through
// our memory. (Between two files, io.Copy makes the kernel copy.)
func copyFile(w io.Writer, f *os.File) error {
	out, ok := w.(*os.File)
	if !ok {
		return copyBytes(w, f)
	}
	if info, err := out.Stat(); err != nil || info.Mode().IsRegular() {
		return copyBytes(w, f)
	}
	to, err := out.SyscallConn()
	if err != nil {
		return copyBytes(w, f)
	}
	from := int(f.Fd())
	for {
		var n int
		var sent error
		err := to.Write(func(fd uintptr) bool {
			n, sent = unix.Sendfile(int(fd), from, nil, 1<<30)
			return sent != unix.EAGAIN
		})
		switch {
		case err != nil:
			return err
		case sent == unix.EINTR:
		case errors.Is(sent, unix.EINVAL), errors.Is(sent, unix.ENOSYS):
			return copyBytes(w, f) // sendfile does not support these files; copy the rest
		case sent != nil:
			return &os.PathError{Op: "sendfile", Path: out.Name(), Err: sent}
		case n == 0:
			return nil
		}
	}
}

func copyBytes(w io.Writer, f *os.File) error {
	_, err := io.Copy(w, f)
	return err
}
