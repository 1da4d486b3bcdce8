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
	"strings"
)

// A folder has a file for each program that listens, named after its process id: the
// socket, or on Windows a sign that there is a pipe. Neither side uses a folder that
// another user owns or can enter.
type folder struct {
	path  string
	owner int  // the user ID of its owner, on systems that have user IDs
	own   bool // the owner is the user of this process
	// shared means that others may write to its parent, so that the parent proves
	// nothing.
	shared bool
}

func (f folder) file(pid int) string { return filepath.Join(f.path, strconv.Itoa(pid)+fileSuffix) }

// pids returns the process ids for which there are files.
func (f folder) pids() (pids []int) {
	if f.check() != nil {
		return nil
	}
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), fileSuffix)
		if pid, err := strconv.Atoi(name); ok && err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// listen listens as this process. The caller closes the listener, which removes the
// file.
func listen() (net.Listener, error) {
	var failed error
	for _, f := range folders() {
		if !f.own {
			continue
		}
		l, err := f.prepared()
		if err == nil || errors.Is(err, ErrListening) {
			return l, err
		}
		failed = errors.Join(failed, err)
	}
	return nil, cmp.Or(failed, errNoFolder)
}

var errNoFolder = fmt.Errorf("this system has no folder for the sockets of a user: %w", errors.ErrUnsupported)

// prepared makes the folder if it is missing, checks its owner, and listens.
func (f folder) prepared() (net.Listener, error) {
	if err := f.checkParent(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(f.path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f.listen()
}
