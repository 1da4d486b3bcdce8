package taskhttp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// ErrListening is the error of [Handler.ListenLocal] if a program with this
// process id already listens: this one, or one in another container that uses
// the same folder.
var ErrListening = errors.New("a program with this process id listens already")

// ProgramPath is the path at which a program that listens on its machine serves
// its [Program], as JSON.
const ProgramPath = "/program"

// A Program is a program's description of itself, see [ProgramPath].
type Program struct {
	PID     int       `json:"pid"`
	Name    string    `json:"name"`              // of its executable
	Package string    `json:"package,omitempty"` // of its function main
	Version string    `json:"version,omitempty"` // of its main module
	Since   time.Time `json:"since"`             // when it began to listen
}

// thisProgram returns the description of this program.
func thisProgram() Program {
	p := Program{PID: os.Getpid(), Since: time.Now()}
	if exe, err := os.Executable(); err == nil {
		p.Name = filepath.Base(exe)
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		p.Package, p.Version = info.Path, info.Main.Version
	}
	return p
}

// ListenLocal lets the user who runs the program, and root, inspect it from the
// same machine without an address: heirloom ps lists the programs that listen,
// and heirloom ps PID and heirloom top PID show what h serves. Other programs
// can use [LocalPIDs] and [DialLocal]. ListenLocal returns once it listens.
// Closing the result ends that; close it before the program ends.
//
//	if local, err := taskhttp.New().ListenLocal(); err == nil {
//		defer local.Close()
//	}
//
// It listens on a Unix socket that is named after the process id and has mode
// 0600, in a folder of the user's that others cannot enter: heirloom in
// XDG_RUNTIME_DIR or /run/user/UID, otherwise /tmp/heirloom-UID. A program that
// is killed leaves the socket behind; the next look-up removes it. A socket in
// a container is visible only inside of it.
//
// On Windows it listens on the named pipe \\.\pipe\heirloom-PID, which only the
// user can open, not administrators or other machines. A file in the user's
// local application data, which the system deletes when the program ends, shows
// that there is a pipe.
//
// The error is [ErrListening] if the process already listens,
// [errors.ErrUnsupported] on systems that have neither, and otherwise one that
// says why no folder or pipe could be used; it wraps [io/fs.ErrPermission] if
// another program has taken the name of the pipe. [Handler.Close] does not end
// the listening, so a program that is slow to shut down can still be inspected.
func (h *Handler) ListenLocal() (io.Closer, error) {
	listener, err := listen()
	if err != nil {
		return nil, fmt.Errorf("taskhttp: cannot listen on this machine: %w", err)
	}
	self := thisProgram()
	mux := http.NewServeMux()
	mux.Handle("/debug/tasks", h)
	mux.Handle("/debug/tasks/", h)
	mux.HandleFunc("GET "+ProgramPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(self) // an error means that the client has gone
	})
	l := &local{
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second},
		ended:  make(chan error, 1),
	}
	// The server must not keep what the caller's context holds.
	ctxvar.Empty().Run(func() {
		go func() { l.ended <- l.server.Serve(listener) }()
	})
	return l, nil
}

type local struct {
	server *http.Server
	ended  chan error // what Serve returns
}

// Close removes the socket or the pipe, and disconnects its clients.
func (l *local) Close() error {
	err := l.server.Close()
	served := <-l.ended
	l.ended <- served // for further calls of Close
	if errors.Is(served, http.ErrServerClosed) {
		served = nil
	}
	return errors.Join(err, served)
}
