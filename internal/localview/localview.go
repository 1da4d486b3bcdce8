// Package localview is where a program that can be looked into meets those who
// look, on the same machine and without an address: a Unix socket with mode 0600,
// named by the program's process id, in a folder that is its user's alone. The
// folder is heirloom in the user's runtime folder (XDG_RUNTIME_DIR, or
// /run/user/UID), or else /tmp/heirloom-UID, and on Windows, which has Unix sockets
// since its version 1803, in the user's local application data, where others cannot
// read.
//
// A folder that somebody else owns or can enter is used by neither side.
package localview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNoProcess and ErrNotListening are why a program cannot be reached.
var (
	ErrNoProcess    = errors.New("there is no such process")
	ErrNotListening = errors.New("the process does not listen")
)

// ErrListening is the error of Listen when a program of this process id listens
// already: this one, or one in another container that has the same folder.
var ErrListening = errors.New("a program with this process id listens already")

// ProgramPath is where a program serves its Program, as JSON.
const ProgramPath = "/program"

// A Program is what a program says of itself.
type Program struct {
	PID     int       `json:"pid"`
	Name    string    `json:"name"`              // of its executable
	Package string    `json:"package,omitempty"` // of its function main
	Version string    `json:"version,omitempty"` // of its main module
	Since   time.Time `json:"since"`             // when it began to listen
}

// Self returns what this program says of itself.
func Self() Program {
	p := Program{PID: os.Getpid(), Since: time.Now()}
	if exe, err := os.Executable(); err == nil {
		p.Name = filepath.Base(exe)
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		p.Package, p.Version = info.Path, info.Main.Version
	}
	return p
}

// A folder is where sockets may be.
type folder struct {
	path  string
	owner int  // its user, where the system has numbers for them
	own   bool // whether that is the user of this process
	// shared is whether others may write next to it, so that its parent is nobody's
	// to be trusted for.
	shared bool
}

const suffix = ".sock"

func (f folder) socket(pid int) string { return filepath.Join(f.path, strconv.Itoa(pid)+suffix) }

// Listen listens as this process. The caller closes the listener, which removes the
// socket. It returns [ErrListening], or an error that is [errors.ErrUnsupported]
// where there are no such sockets.
func Listen() (net.Listener, error) {
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

// Dial connects to the process. It returns [ErrNoProcess] if there is none, and
// [ErrNotListening] if it does not listen, or not for this user. What a process left
// behind that has ended is removed.
func Dial(ctx context.Context, pid int) (net.Conn, error) {
	for _, f := range folders() {
		path := f.socket(pid)
		if _, err := os.Lstat(path); err != nil || f.check() != nil {
			continue
		}
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		if err == nil || ctx.Err() != nil {
			return conn, err
		}
		if f.own && !alive(pid) {
			_ = os.Remove(path) // or the next one does
		}
	}
	if !alive(pid) {
		return nil, ErrNoProcess
	}
	return nil, ErrNotListening
}

// PIDs returns the process ids of the programs that listen, or did when they ended,
// in order.
func PIDs() []int {
	var pids []int
	for _, f := range folders() {
		if f.check() != nil {
			continue
		}
		entries, err := os.ReadDir(f.path)
		if err != nil {
			continue
		}
		for _, e := range entries {
			name, ok := strings.CutSuffix(e.Name(), suffix)
			if pid, err := strconv.Atoi(name); ok && err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}
