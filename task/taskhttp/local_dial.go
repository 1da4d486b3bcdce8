package taskhttp

import (
	"context"
	"errors"
	"net"
	"slices"
)

// The errors of [DialLocal] if it does not reach a program.
var (
	ErrNoProcess    = errors.New("there is no such process")
	ErrNotListening = errors.New("the process does not listen")
)

// DialLocal connects to a process of this machine that has called
// [Handler.ListenLocal]. That process serves /debug/tasks and [ProgramPath]
// there, over HTTP and for any Host. DialLocal is for the DialContext of an
// [net/http.Transport]; it blocks until it is connected or ctx ends. It returns
// [ErrNoProcess] if there is no such process, and [ErrNotListening] if the
// process does not listen, or not for this user. It removes what a process that
// has ended left behind.
func DialLocal(ctx context.Context, pid int) (net.Conn, error) {
	for _, f := range folders() {
		if f.check() != nil {
			continue
		}
		conn, err := f.dial(ctx, pid)
		if err == nil || ctx.Err() != nil {
			return conn, err
		}
	}
	if !alive(pid) {
		return nil, ErrNoProcess
	}
	return nil, ErrNotListening
}

// LocalPIDs returns, in order, the process ids of the programs of this machine
// that listen for this user (see [Handler.ListenLocal]), or that did when they
// were killed. For root, it returns those of all users.
func LocalPIDs() []int {
	var pids []int
	for _, f := range folders() {
		pids = append(pids, f.pids()...)
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}
