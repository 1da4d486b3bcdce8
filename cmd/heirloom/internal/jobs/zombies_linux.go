package jobs

import (
	"bytes"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A stat is the system's description of a process.
type stat struct {
	pid, parent, family, session int
	state                        byte
}

// zombie reports whether the process has ended and its parent has not waited for it.
func (s stat) zombie() bool { return s.state == 'Z' || s.state == 'X' }

// everyProcess calls f with each process until f returns false. It returns false if the
// system has no list of processes.
func everyProcess(f func(stat) bool) bool {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return false
	}
	for _, p := range processes {
		pid, err := strconv.Atoi(p.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + p.Name() + "/stat")
		if err != nil {
			continue // it has just ended
		}
		// "pid (name) state parent family ...", where the name may hold anything.
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) < 4 {
			continue
		}
		s := stat{pid: pid, state: fields[0][0]}
		s.parent, _ = strconv.Atoi(string(fields[1]))
		s.family, _ = strconv.Atoi(string(fields[2]))
		s.session, _ = strconv.Atoi(string(fields[3]))
		if !f(s) {
			break
		}
	}
	return true
}

// onlyZombies reports whether all processes of the family have ended and only wait for
// their parent to wait for them. A parent that never does so is common in containers,
// where it is the first program of the image.
func onlyZombies(family int) bool {
	alive := false
	known := everyProcess(func(s stat) bool {
		alive = s.family == family && !s.zombie()
		return !alive
	})
	return known && !alive
}

// reapStrays waits for zombies that are our children and are not in own.
func reapStrays(own map[int]bool) {
	self := os.Getpid()
	everyProcess(func(s stat) bool {
		if s.parent == self && s.zombie() && !own[s.pid] {
			unix.Wait4(s.pid, nil, unix.WNOHANG, nil)
		}
		return true
	})
}

// stopped reports whether the command was stopped since stopped was last called.
func (p *process) stopped() (Stop, bool) {
	var info unix.Siginfo
	// WEXITED is missing here, so that os.Process finds the end.
	err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, &info, unix.WSTOPPED|unix.WNOHANG, nil)
	if err != nil || info.Signo != int32(unix.SIGCHLD) {
		return Stop{}, false
	}
	// For SIGCHLD, the three numbers that Siginfo names are followed by the process, its
	// user and the signal, with the alignment of a pointer.
	start := (unsafe.Sizeof([3]int32{}) + unsafe.Alignof(uintptr(0)) - 1) &^ (unsafe.Alignof(uintptr(0)) - 1)
	signal := unix.Signal(*(*int32)(unsafe.Add(unsafe.Pointer(&info), start+8)))
	return Stop{
		Number: p.number, Name: p.name, Family: p.family.leader, Signal: signal,
		Terminal: signal == unix.SIGTTIN || signal == unix.SIGTTOU,
	}, true
}

// Orphaned reports whether our family is what POSIX calls an orphaned process group: no
// process in our session and outside of the family is there to continue it when it is
// stopped. A process that is alone in a container is orphaned, and so is one that ssh
// started.
func Orphaned() bool {
	all := map[int]stat{}
	everyProcess(func(s stat) bool {
		all[s.pid] = s
		return true
	})
	self := all[os.Getpid()]
	for _, s := range all {
		parent, ok := all[s.parent]
		if s.family == self.family && ok && parent.family != self.family && parent.session == self.session {
			return false
		}
	}
	return true
}
