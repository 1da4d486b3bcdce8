package taskhttp

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/heirloom-go/heirloom/task/taskhttp/internal/pipe"
)

const fileSuffix = ".pipe"

// pipeName is the name of the pipe of a process.
func pipeName(pid int) string { return `\\.\pipe\heirloom-` + strconv.Itoa(pid) }

// folders returns the one folder. Files in a user's local application data inherit that
// only the user, administrators and the system have access. Security does not depend on
// that: the files only say which pipes to try.
func folders() []folder {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return []folder{{path: filepath.Join(dir, "heirloom"), own: true}}
}

func (f folder) check() error       { return nil }
func (f folder) checkParent() error { return nil }

// A marked listener has a file in the folder, by which others find it.
type marked struct {
	net.Listener
	file syscall.Handle
}

func (f folder) listen() (net.Listener, error) {
	file, err := mark(f.file(os.Getpid()))
	if err != nil {
		return nil, err
	}
	l, err := pipe.Listen(pipeName(os.Getpid()))
	if err != nil {
		return nil, errors.Join(err, syscall.CloseHandle(file))
	}
	return &marked{l, file}, nil
}

// mark makes the file, or takes over one that a loss of power has left. The system
// deletes it with its last handle, also if the process is killed. Until then no other
// process can write to it or delete it, so at most one process holds it.
func mark(path string) (syscall.Handle, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	const (
		deleteOnClose    = 0x04000000        // FILE_FLAG_DELETE_ON_CLOSE
		sharingViolation = syscall.Errno(32) // ERROR_SHARING_VIOLATION
	)
	h, err := syscall.CreateFile(name, syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ, nil, syscall.OPEN_ALWAYS, deleteOnClose, 0)
	switch {
	case err == sharingViolation:
		return 0, ErrListening
	case err != nil:
		return 0, &fs.PathError{Op: "create", Path: path, Err: err}
	}
	return h, nil
}

func (m *marked) Close() error { return errors.Join(m.Listener.Close(), syscall.CloseHandle(m.file)) }

// dial connects to the process. If there is no pipe, the file is that of a program
// that lost power, or it cannot be removed.
func (f folder) dial(ctx context.Context, pid int) (net.Conn, error) {
	conn, err := pipe.Dial(ctx, pipeName(pid), pid)
	if errors.Is(err, fs.ErrNotExist) {
		_ = os.Remove(f.file(pid))
	}
	return conn, err
}

// alive reports whether there is a process with this id, of any user.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return !errors.Is(err, errInvalidParameter)
	}
	_ = p.Release()
	return true
}

// errInvalidParameter is ERROR_INVALID_PARAMETER, which OpenProcess returns if there is no
// such process. For a process of another user, it returns another error.
const errInvalidParameter = syscall.Errno(87)
