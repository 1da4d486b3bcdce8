package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// A Host runs attempts on this machine. Its methods are safe for concurrent use.
type Host struct {
	Shell     *Shell
	Environ   []string // the variables of all commands; those of an attempt are added
	Processes *Processes
	Hurry     <-chan struct{} // closed when there is no more time for grace
	TTY       bool            // commands share the terminal

	// Underway, if not nil, returns how many attempts this program has begun and not
	// finished, including those whose output is still to be printed. Only the end of one of
	// these releases descriptors.
	Underway func() int

	waiting atomic.Int32 // attempts that cannot be started at the moment

	// Say, if not nil, is called with a message for the user, and with its kind.
	Say func(kind, text string)
}

var errTimeout = errors.New("the command's time is up")

// Run runs the attempt's command, which reads stdin, and returns how it ended. When ctx
// ends, Run sends the command a signal, which is that of the cause if the cause is an
// [*Interrupted], and kills it after the attempt's Grace.
func (h *Host) Run(ctx context.Context, a *Attempt, stdin io.Reader, stdout, stderr *os.File) *End {
	look := func() {}
	if a.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, look, cancel = h.Processes.within(ctx, a.Timeout, errTimeout)
		defer cancel()
	}
	end := &End{State: Failed, Exit: -1}
	p, err := h.start(ctx, look, a, stdin, stdout, stderr)
	if err != nil {
		switch {
		case ctx.Err() == nil:
			end.Error = err.Error()
			if ownLimit(err) {
				end.fatal = fmt.Errorf("no command can be started: %w", withoutPath(err))
			}
		case context.Cause(ctx) == errTimeout: // it had passed before the start
			end.State = TimedOut
		default:
			end.State = Canceled
		}
		return end
	}
	signalled, err := p.wait(ctx, a.Grace, h.Hurry)
	h.Processes.remove(p)
	ended := p.cmd.ProcessState
	end.Exit = ended.ExitCode()
	if s, ok := killedBy(ended); ok {
		end.Signal = signalName(s)
		end.Exit = exitOf(s)
		if p.family.ofKeys(s) {
			end.fatal = &Interrupted{Signal: s}
		}
	}
	switch {
	case signalled && context.Cause(ctx) == errTimeout:
		end.State = TimedOut
	case signalled:
		end.State = Canceled
	case err == nil:
		end.State = OK
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		end.Error = err.Error()
	}
	return end
}

// aloneTime is how long Run goes on trying to start a command for which the machine
// lacks something, when nothing runs that could release it.
const aloneTime = time.Minute

// patience returns how long start tries again after err when nothing runs: not at all if
// only this process could release what is missing.
func (h *Host) patience(err error) time.Duration {
	if ownLimit(err) && h.Underway != nil {
		return maxRefusals * holdTime
	}
	return aloneTime
}

// idle reports whether no attempt has got further than start.
func (h *Host) idle() bool {
	return len(h.Processes.all()) == 0 && (h.Underway == nil || h.Underway() <= int(h.waiting.Load()))
}

// start starts the attempt's command, unless ctx has ended, which look checks. If the
// machine lacks something for a command, start waits.
func (h *Host) start(ctx context.Context, look func(), a *Attempt, stdin io.Reader, stdout, stderr *os.File) (*process, error) {
	path, args := h.Shell.Command(a.Command, a.ownPath())
	h.waiting.Add(1)
	defer h.waiting.Add(-1)
	idleSince := time.Now()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, holdTime) {
		look()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		cmd := &exec.Cmd{
			Path:      path,
			Args:      args,
			Env:       a.environ(h.Environ),
			Dir:       a.Dir,
			Stdin:     stdin,
			Stdout:    stdout,
			Stderr:    stderr,
			WaitDelay: unreadTime,
		}
		if !h.idle() { // checked before the try, during which others may release something
			idleSince = time.Now()
		}
		p, err := h.Processes.start(cmd, a, h.TTY)
		switch {
		case err == nil:
			return p, nil
		case tooLong(err):
			return nil, fmt.Errorf("%w: the command is %d bytes long", err, len(a.Command))
		case !scarce(err) || time.Since(idleSince) > h.patience(err):
			// err does not say whether the missing file is the directory.
			if _, noDir := os.Stat(cmd.Dir); cmd.Dir != "" && noDir != nil {
				err = noDir
			}
			return nil, err
		}
		if h.Say != nil && (!ownLimit(err) || len(h.Processes.all()) > 0) { // otherwise there is nothing to wait for
			h.Say("start", fmt.Sprintf("%v: waiting to start a command", err))
		}
		if err := task.Sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// RunPiped is Run, and passes the command's output to two writers as it comes. If stdin
// is nil, the command has nothing to read.
func (h *Host) RunPiped(ctx context.Context, a *Attempt, stdin io.Reader, stdout, stderr io.Writer) *End {
	p := &piped{printer: printer{stdout: stdout, stderr: stderr}}
	out, err := p.open("", 0)
	if err != nil {
		return &End{State: Failed, Exit: -1, Error: err.Error()}
	}
	o, e := out.files()
	end := h.Run(ctx, a, stdin, o, e)
	if err := out.end(nil); err != nil && end.State == OK {
		end.State, end.Error = Failed, cutShort(err)
	}
	return end
}

// cutShort is the error of a command that reported success although its output failed.
func cutShort(err error) string { return "its output may be cut short: " + err.Error() }
