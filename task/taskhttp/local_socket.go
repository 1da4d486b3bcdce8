//go:build !windows

package taskhttp

import (
	"context"
	"errors"
	"net"
	"os"
)

const fileSuffix = ".sock"

func (f folder) listen() (net.Listener, error) {
	path := f.file(os.Getpid())
	if _, err := os.Lstat(path); err == nil {
		// A process that had this id before has left it, unless a process answers.
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
	// Until here, only the folder keeps other users out.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// dial connects to the process. It removes a socket left behind by one that has
// ended.
func (f folder) dial(ctx context.Context, pid int) (net.Conn, error) {
	path := f.file(pid)
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil && ctx.Err() == nil && f.own && !alive(pid) {
		_ = os.Remove(path) // if this fails, the next call tries again
	}
	return conn, err
}
