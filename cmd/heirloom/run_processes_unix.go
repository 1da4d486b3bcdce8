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
	signals, done := make(chan os.Signal, 4), make(chan struct{})
	var watched []os.Signal
	if !signal.Ignored(unix.SIGTSTP) {
		watched = append(watched, unix.SIGTSTP)
	}
	first := os.Getpid() == 1
	if tty, err := os.Open(terminalPath); first || err == nil {
		tty.Close()
		watched = append(watched, unix.SIGCHLD)
	}
	if len(watched) == 0 {
		return func() {}
	}
	signal.Notify(signals, watched...)
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case s := <-signals:
				if s == unix.SIGTSTP {
					suspend(ps)
					continue
				}
				for _, s := range ps.Stops() {
					say(s.String())
				}
				if first {
					ps.Reap()
				}
				select { // many children may end at about the same time
				case <-time.After(20 * time.Millisecond):
				case <-done:
					return
				}
			case <-done:
				return
			}
		}
	})
	return func() {
		signal.Stop(signals)
		close(done)
		watching.Wait()
	}
}

// suspend stops the jobs and this process, and lets the jobs go on when this process
// goes on. It does nothing if no process could continue them, like SIGTSTP when it is
// not caught.
//
// The process is stopped by SIGSTOP, because os/signal, once it has caught SIGTSTP,
// does not restore its default effect.
func suspend(ps *jobs.Processes) {
	if jobs.Orphaned() {
		return
	}
	ps.Suspend()
	defer ps.Resume()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, unix.SIGCONT)
	defer signal.Stop(continued)
	if unix.Kill(os.Getpid(), unix.SIGSTOP) == nil {
		<-continued
	}
}
