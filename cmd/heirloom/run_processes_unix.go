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
	signals, continued, done := make(chan os.Signal, 4), make(chan os.Signal, 1), make(chan struct{})
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
	signal.Notify(continued, unix.SIGCONT) // first, so that none is missed
	signal.Notify(signals, watched...)
	var watching sync.WaitGroup
	watching.Go(func() {
		var last time.Time // when this process was continued
		for {
			select {
			case <-continued:
				last = time.Now()
			case s := <-signals:
				if s == unix.SIGTSTP {
					// Of signals that come together, nobody knows the order. To be continued
					// and not stopped is better than to wait for ever.
					if time.Since(last) > together {
						suspend(ps, continued)
						last = time.Now()
					}
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
		signal.Stop(continued)
		close(done)
		watching.Wait()
	}
}

// together is the time within which two signals may have come in either order.
const together = 20 * time.Millisecond

// suspend stops the jobs and this process, and lets the jobs go on when this process
// goes on, which it may do before it has been stopped. It does nothing if no process
// could continue them, like SIGTSTP when it is not caught.
//
// The process is stopped by SIGSTOP, because os/signal, once it has caught SIGTSTP,
// does not restore its default effect.
func suspend(ps *jobs.Processes, continued <-chan os.Signal) {
	if jobs.Orphaned() {
		return
	}
	ps.Suspend()
	defer ps.Resume()
	select {
	case <-continued: // while the jobs were being stopped
		return
	default:
	}
	if unix.Kill(os.Getpid(), unix.SIGSTOP) == nil {
		<-continued
	}
}
