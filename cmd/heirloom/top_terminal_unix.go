//go:build unix

package main

import (
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// interpretEscapes does nothing, since terminals on Unix interpret escapes anyway.
func interpretEscapes(*os.File) (restore func() error, err error) { return nil, nil }

// changes sends when the terminal has another size, and when the program is continued
// after something other than suspend has stopped it.
func (t *terminal) changes() (changed <-chan struct{}, stop func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, unix.SIGWINCH, unix.SIGCONT)
	changes := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case s := <-signals:
				if s == unix.SIGCONT && t.in != nil {
					_, _ = term.MakeRaw(int(t.in.Fd())) // the shell has changed that
				}
			case <-done:
				return
			}
			select {
			case changes <- struct{}{}:
			case <-done:
				return
			}
		}
	})
	return changes, func() {
		signal.Stop(signals)
		close(done)
		watching.Wait()
	}
}

// suspend gives the terminal to the shell, stops all processes of the shell's job, and
// takes the terminal again when it is continued. It does nothing if no process could
// continue it.
func (t *terminal) suspend() error {
	if jobs.Orphaned() || signal.Ignored(unix.SIGTSTP) {
		return nil
	}
	t.end()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, unix.SIGCONT)
	defer signal.Stop(continued)
	if unix.Kill(0, unix.SIGTSTP) == nil {
		<-continued
	}
	return t.begin()
}
