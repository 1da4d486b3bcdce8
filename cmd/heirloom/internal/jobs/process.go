package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// A process is a running command and its family: a process group, or a job object on
// Windows. Processes that the command starts belong to the family, unless they take
// pains to leave it, as setsid does.
type process struct {
	cmd    *exec.Cmd
	family family
	name   string // of the job
	number int
}

// start starts the command. If the command shares the terminal, it stays in our own
// process group.
func start(cmd *exec.Cmd, shared bool) (*process, error) {
	lead(cmd, shared)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	f, err := familyOf(cmd.Process, shared)
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return nil, err
	}
	return &process{cmd: cmd, family: f}, nil
}

// wait returns when the command has ended and nothing of its family is left. When ctx
// ends first, wait sends the family the signal in its cause, or SIGTERM, and kills it
// when grace is over or hurry is closed.
//
// If the command ends by itself and leaves processes in the background, wait ends these
// in the same way.
//
// wait reports whether it signalled the command before the command had ended, and
// returns the error of [exec.Cmd.Wait].
func (p *process) wait(ctx context.Context, grace time.Duration, hurry <-chan struct{}) (signalled bool, err error) {
	defer p.family.close()

	// Another goroutine signals the family while this one waits for the command. That
	// goroutine is gone before we return: either it was never started, or it has closed
	// stopped.
	ended, stopped := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		p.family.signal(signalOf(ctx))
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-ended:
		case <-hurry:
			p.family.kill()
		case <-timer.C:
			p.family.kill()
		}
	})
	if err = p.cmd.Wait(); errors.Is(err, exec.ErrWaitDelay) {
		err = nil // the command left its input to another process
	}
	close(ended)
	if signalled = !stop(); signalled {
		<-stopped
	}
	p.sweep(grace, hurry)
	return signalled, err
}

// lastWait is how long sweep waits for the processes that it has killed. Killing takes
// no time, except for a process that the kernel holds on to, or that we may not kill.
const lastWait = 2 * time.Second

// sweep ends the rest of the family after its leader has ended. It has to look at the
// clock, since these processes are not our children and can't be waited for.
func (p *process) sweep(grace time.Duration, hurry <-chan struct{}) {
	if !p.family.alive() {
		return
	}
	p.family.signal(terminate)
	killed := false
	deadline := time.Now().Add(grace)
	for pause := time.Millisecond; p.family.alive(); pause = min(2*pause, 50*time.Millisecond) {
		select {
		case <-time.After(pause):
		case <-hurry:
			deadline, hurry = time.Now(), nil
		}
		if time.Now().Before(deadline) {
			continue
		}
		if killed {
			return
		}
		p.family.kill()
		killed, deadline, hurry = true, time.Now().Add(lastWait), nil
	}
}

// Interrupted is the cause of a context that ends because of a signal.
type Interrupted struct{ Signal os.Signal }

func (i *Interrupted) Error() string { return "interrupted by " + signalName(i.Signal) }

// MarshalJSON writes the signal's name, which other machines understand.
func (i *Interrupted) MarshalJSON() ([]byte, error) { return json.Marshal(signalName(i.Signal)) }

// UnmarshalJSON reads a signal's name. It returns an error if this system has no signal
// of that name.
func (i *Interrupted) UnmarshalJSON(data []byte) error {
	var name string
	if err := json.Unmarshal(data, &name); err != nil {
		return err
	}
	if i.Signal = signalNamed(name); i.Signal == nil {
		return fmt.Errorf("there is no signal %q here", name)
	}
	return nil
}

// ExitCode returns the exit code of a program that the signal ends.
func (i *Interrupted) ExitCode() int { return exitOf(i.Signal) }

// signalOf returns the signal for a command whose ctx has ended: the one that this
// program got, or SIGTERM.
func signalOf(ctx context.Context) os.Signal {
	var i *Interrupted
	if errors.As(context.Cause(ctx), &i) && i.Signal != nil {
		return i.Signal
	}
	return terminate
}
