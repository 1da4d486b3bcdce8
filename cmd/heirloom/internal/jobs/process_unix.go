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

// lead makes the command the leader of a family of its own. The terminal's Ctrl-C then
// reaches only this program, which passes it on.
func lead(cmd *exec.Cmd, shared bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !shared}
}

// A family is a process group, identified by its leader's process id.
//
// The id is the family's for as long as the family has a member. After that, a new
// process may get the id, and a signal would go to that process's family. We signal
// without a check as long as nobody has waited for the leader, and otherwise only
// directly after a check. A system assigns its ids in turn: it would have to start tens
// of thousands of processes in those microseconds.
type family struct {
	leader int
	shared bool // the command is in our own family, and no other process of it is known
}

func familyOf(leader *os.Process, shared bool) (family, error) {
	return family{leader.Pid, shared}, nil
}

func (f family) send(s unix.Signal) {
	if f.shared {
		unix.Kill(f.leader, s)
		return
	}
	unix.Kill(-f.leader, s)
}

// signal passes a signal on. A command in our own family has got the terminal's signals
// already, if the terminal is ours.
func (f family) signal(s os.Signal) {
	n, ok := s.(unix.Signal)
	if !ok || f.shared && (n == unix.SIGINT || n == unix.SIGQUIT) && foreground() {
		return
	}
	f.send(n)
	f.send(unix.SIGCONT) // a stopped process would not handle the signal
}

// foreground reports whether the terminal's keys reach our process group.
func foreground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	front, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	if err != nil {
		return false
	}
	mine, err := unix.Getpgid(0)
	return err == nil && front == mine
}

func (f family) kill()    { f.send(unix.SIGKILL) }
func (f family) suspend() { f.send(unix.SIGTSTP) }
func (f family) stop()    { f.send(unix.SIGSTOP) }
func (f family) resume()  { f.send(unix.SIGCONT) }

// alive reports whether a process of the family is running.
func (f family) alive() bool {
	return !f.shared && unix.Kill(-f.leader, 0) != unix.ESRCH && !onlyZombies(f.leader)
}

func (f family) close() {}

// signalName returns the name of a signal, such as "SIGINT".
func signalName(s os.Signal) string {
	if s, ok := s.(unix.Signal); ok {
		if name := unix.SignalName(s); name != "" {
			return name
		}
	}
	return strings.ToUpper(s.String())
}

// signalNamed returns the signal of that name, or nil.
func signalNamed(name string) os.Signal {
	if s := unix.SignalNum(name); s != 0 {
		return s
	}
	return nil
}

// killedBy returns the signal that ended a process, if one did.
func killedBy(state *os.ProcessState) (os.Signal, bool) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal(), true
	}
	return nil, false
}

// exitOf returns the exit code that a shell reports for a process that s ended.
func exitOf(s os.Signal) int {
	if s, ok := s.(unix.Signal); ok {
		return 128 + int(s)
	}
	return -1
}

// ofKeys reports whether the terminal's keys send the signal. It then reaches commands
// in our family as well as us.
func (f family) ofKeys(s os.Signal) bool {
	return f.shared && (s == unix.SIGINT || s == unix.SIGQUIT)
}
