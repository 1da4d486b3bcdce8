package taskhttp

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// A folder is where sockets may be. One that somebody else owns or can enter is used by
// neither side.
type folder struct {
	path  string
	owner int  // its user, where the system has numbers for them
	own   bool // whether that is the user of this process
	// shared is whether others may write next to it, so that its parent is nobody's
	// to be trusted for.
	shared bool
}

const socketSuffix = ".sock"

func (f folder) socket(pid int) string { return filepath.Join(f.path, strconv.Itoa(pid)+socketSuffix) }

// listen listens as this process. The caller closes the listener, which removes the
// socket.
func listen() (net.Listener, error) {
	var failed error
	for _, f := range folders() {
		if !f.own {
			continue
		}
		l, err := f.listen()
		if err == nil || errors.Is(err, ErrListening) {
			return l, err
		}
		failed = errors.Join(failed, err)
	}
	return nil, cmp.Or(failed, errNoFolder)
}

var errNoFolder = fmt.Errorf("this system has no folder for the sockets of a user: %w", errors.ErrUnsupported)

func (f folder) listen() (net.Listener, error) {
	if err := f.prepare(); err != nil {
		return nil, err
	}
	path := f.socket(os.Getpid())
	if _, err := os.Lstat(path); err == nil {
		// It was left by a process that had this id before, unless somebody answers.
		if conn, err := net.Dial("unix", path); err == nil {
			_ = conn.Close()
			return nil, ErrListening
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if errors.Is(err, noSuchSockets) {
		return nil, fmt.Errorf("%w: %w", err, errors.ErrUnsupported)
	}
	if err != nil {
		return nil, err
	}
	// Until here it is the folder that keeps others out.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// prepare makes the folder, unless it is there, and checks whose it is.
func (f folder) prepare() error {
	if err := f.checkParent(); err != nil {
		return err
	}
	if err := os.Mkdir(f.path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.check()
}
