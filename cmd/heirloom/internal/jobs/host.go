package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// A Host runs attempts on this machine. Its methods may be called by several
// goroutines.
type Host struct {
	Shell     *Shell
	Environ   []string // the variables of commands, which those of an attempt are added to
	Processes *Processes
	Hurry     <-chan struct{} // closed when there is no time for grace any more
	TTY       bool            // commands share the terminal

	// Say, if not nil, is called with what a person who waits should know, and what
	// kind of thing that is.
	Say func(kind, text string)
}

var errTimeout = errors.New("the command's time is up")

// Run runs the attempt's command, which reads stdin, and returns how it ended.
// When ctx ends, the command is told to end with the signal of the cause if that is
// an [*Interrupted], and killed after the attempt's Grace.
func (h *Host) Run(ctx context.Context, a *Attempt, stdin io.Reader, stdout, stderr *os.File) *End {
	if a.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = h.Processes.within(ctx, a.Timeout, errTimeout)
		defer cancel()
	}
	end := &End{State: Failed, Exit: -1}
	p, err := h.start(ctx, a, stdin, stdout, stderr)
	if err != nil {
		switch {
		case ctx.Err() == nil:
			end.Error = err.Error()
		case context.Cause(ctx) == errTimeout: // which was up before the start
			end.State = TimedOut
		default:
			end.State = Canceled
		}
		return end
	}
	told, err := p.wait(ctx, a.Grace, h.Hurry)
	h.Processes.remove(p)
	ended := p.cmd.ProcessState
	end.Exit = ended.ExitCode()
	if s, ok := killedBy(ended); ok {
		end.Signal = signalName(s)
		end.Exit = exitOf(s)
		if p.family.ofKeys(s) {
			end.interrupt = &Interrupted{Signal: s}
		}
	}
	switch {
	case told && context.Cause(ctx) == errTimeout:
		end.State = TimedOut
	case told:
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

// aloneTime is how long a command that cannot be started for want of something is
// tried again when nothing runs that could set it free.
const aloneTime = time.Minute

// start starts the attempt's command. If the machine lacks what that takes, it waits.
func (h *Host) start(ctx context.Context, a *Attempt, stdin io.Reader, stdout, stderr *os.File) (*process, error) {
	path, args := h.Shell.Command(a.Command, a.ownPath())
	begun := time.Now()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, holdTime) {
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
		p, err := h.Processes.start(cmd, a, h.TTY)
		switch {
		case err == nil:
			return p, nil
		case tooLong(err):
			return nil, fmt.Errorf("%w: the command is %d bytes long", err, len(a.Command))
		case !scarce(err) || len(h.Processes.all()) == 0 && time.Since(begun) > aloneTime:
			// What is missing may be the directory, which err does not tell.
			if _, noDir := os.Stat(cmd.Dir); cmd.Dir != "" && noDir != nil {
				err = noDir
			}
			return nil, err
		}
		if h.Say != nil {
			h.Say("start", fmt.Sprintf("%v: waiting to start a command", err))
		}
		if err := task.Sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// RunPiped is Run with what the command writes passed on to two writers as it
// comes. stdin may be nil, for nothing to read.
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

// cutShort is what is wrong with a command that succeeded, as far as it knows.
func cutShort(err error) string { return "its output may be cut short: " + err.Error() }
