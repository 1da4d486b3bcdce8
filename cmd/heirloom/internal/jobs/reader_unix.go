//go:build unix

package jobs

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

var errReaderGone error = unix.EPIPE

// pipeFD returns the descriptor of a pipe or a socket.
func pipeFD(f *os.File) (fd int, ok bool) {
	info, err := f.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return 0, false
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = conn.Control(func(p uintptr) { fd = int(p) })
	return fd, err == nil
}

// readerGone reports whether f has no reader any more.
func readerGone(f *os.File) bool {
	fd, ok := pipeFD(f)
	if !ok {
		return false
	}
	fds := []unix.PollFd{{Fd: int32(fd)}}
	_, err := unix.Poll(fds, 0)
	return err == nil && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
}

// watchReader calls gone once, from a goroutine of its own, when f has no reader any
// more. f must stay open until stop has returned.
func watchReader(f *os.File, gone func()) (stop func()) {
	fd, ok := pipeFD(f)
	if !ok {
		return func() {}
	}
	r, w, err := os.Pipe()
	if err != nil {
		return func() {} // the next write will fail
	}
	var watching sync.WaitGroup
	watching.Go(func() {
		fds := []unix.PollFd{{Fd: int32(fd)}, {Fd: int32(r.Fd()), Events: unix.POLLIN}}
		for {
			_, err := unix.Poll(fds, -1)
			switch {
			case errors.Is(err, unix.EINTR):
			case err != nil || fds[1].Revents != 0:
				return
			case fds[0].Revents != 0:
				gone()
				return
			}
		}
	})
	return func() {
		w.Close()
		watching.Wait()
		r.Close()
	}
}

// readNow reads what a pipe holds, whatever its deadline. If that is nothing, and the
// pipe may get more, readNow returns [os.ErrDeadlineExceeded].
func readNow(f *os.File, b []byte) (n int, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	ctlErr := conn.Control(func(fd uintptr) {
		for n, err = unix.Read(int(fd), b); err == unix.EINTR; n, err = unix.Read(int(fd), b) {
		}
	})
	switch {
	case ctlErr != nil:
		return 0, ctlErr
	case err == unix.EAGAIN:
		return 0, os.ErrDeadlineExceeded
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
