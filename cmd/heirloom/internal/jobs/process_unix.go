//go:build unix

package jobs

import (
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const terminate = unix.SIGTERM

// lead makes the command the leader of a group of its own. A terminal's Ctrl-C
// then reaches us only, who pass it on.
func lead(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// A family is a process group, by its leader's process id.
//
// The id is the group's for as long as it has a member. When it has none, the id
// may go to a new process, and what we send would go to that one's group. We send
// without asking while the leader is not waited for, and only right after that
// when it is, and a system takes its ids in turn: it would have to start tens of
// thousands of processes in those microseconds.
type family int

func familyOf(leader *os.Process) (family, error) { return family(leader.Pid), nil }

func (f family) signal(s os.Signal) {
	if s, ok := s.(unix.Signal); ok {
		unix.Kill(-int(f), s)
		unix.Kill(-int(f), unix.SIGCONT) // who is stopped would not hear the first
	}
}

func (f family) kill() { unix.Kill(-int(f), unix.SIGKILL) }

// alive reports whether a process of the group is running.
func (f family) alive() bool {
	return unix.Kill(-int(f), 0) != unix.ESRCH && !onlyZombies(int(f))
}

func (f family) close() {}

// signalName returns "SIGINT" and the like.
func signalName(s os.Signal) string {
	if s, ok := s.(unix.Signal); ok {
		if name := unix.SignalName(s); name != "" {
			return name
		}
	}
	return strings.ToUpper(s.String())
}

// killedBy returns the signal that ended a process, if one did.
func killedBy(state *os.ProcessState) (os.Signal, bool) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal(), true
	}
	return nil, false
}

// exitOf is the exit code that a shell tells for a process that s ended.
func exitOf(s os.Signal) int {
	if s, ok := s.(unix.Signal); ok {
		return 128 + int(s)
	}
	return -1
}
