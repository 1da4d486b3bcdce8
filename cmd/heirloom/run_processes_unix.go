//go:build unix

package main

import (
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

const terminalPath = "/dev/tty"

// duplicate returns another file for the same stream, so that closing one leaves the
// other open.
func duplicate(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// watchProcesses handles a terminal's Ctrl-Z, and reports jobs that something else has
// stopped, until stop is called. As process 1, it also reaps processes without a
// parent.
func watchProcesses(ps *jobs.Processes, say func(string)) (stop func()) {
	// A channel for each, because a signal for which there is no place is lost: among those
	// of jobs that end, as many jobs do.
	stops, continued, ends := make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(continued, unix.SIGCONT) // first, so that none is missed
	if !signal.Ignored(unix.SIGTSTP) {
		signal.Notify(stops, unix.SIGTSTP)
	}
	first := os.Getpid() == 1
	if tty, err := os.Open(terminalPath); first || err == nil {
		tty.Close()
		signal.Notify(ends, unix.SIGCHLD)
	}
	var watching sync.WaitGroup
	watching.Go(func() {
		var last time.Time // when this process was continued
		var pause <-chan time.Time
		looking := ends
		for {
			select {
			case <-continued:
				last = time.Now()
			case <-stops:
				// Of signals that come together, nobody knows the order. To be continued and
				// not stopped is better than to wait for ever. Nor does it stop if no process
				// could continue it, like SIGTSTP that is not caught.
				if time.Since(last) > together && !jobs.Orphaned() {
					suspend(ps, continued, stopSelf)
					last = time.Now()
				}
			case <-looking:
				for _, s := range ps.Stops() {
					say(s.String())
				}
				if first {
					ps.Reap()
				}
				looking, pause = nil, time.After(20*time.Millisecond) // many may end at about the same time
			case <-pause:
				looking = ends
			case <-done:
				return
			}
		}
	})
	return func() {
		for _, c := range []chan os.Signal{stops, continued, ends} {
			signal.Stop(c)
		}
		close(done)
		watching.Wait()
	}
}

// together is the time within which two signals may have come in either order, and that
// a run waits for the second of them before it stops.
const together = 20 * time.Millisecond

// suspend stops the jobs and this process, with stop, and lets the jobs go on when this
// process goes on, which it may do before it has been stopped.
func suspend(ps *jobs.Processes, continued <-chan os.Signal, stop func() error) {
	ps.Suspend()
	defer ps.Resume()
	// What continues a run at once, as a batch system may, does so before it has stopped.
	// The kernel does not stop a process on condition that it has not been continued, so
	// what comes at the very moment of the stop is lost, and the run stays stopped.
	select {
	case <-continued:
		return
	case <-time.After(together):
	}
	if stop() == nil {
		<-continued
	}
}

// stopSelf stops the process by SIGSTOP, because os/signal, once it has caught SIGTSTP,
// does not restore its default effect.
func stopSelf() error { return unix.Kill(os.Getpid(), unix.SIGSTOP) }
