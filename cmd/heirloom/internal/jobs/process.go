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

// A process is a running command and its family, which the system knows as a
// process group or a job object: what it starts belongs to it, unless that takes
// pains to leave (as setsid does).
type process struct {
	cmd    *exec.Cmd
	family family
	name   string // of the job
	number int
}

// start starts the command. One that is shared stays in our own process group,
// with the terminal.
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

// wait returns when the command has ended and nothing of its family is left. When
// ctx ends first, the family is sent the signal that its cause tells, or SIGTERM,
// and it is killed once grace is over or hurry is closed.
//
// What a command leaves in the background when it ends by itself is ended too, in
// the same way.
//
// wait reports whether the command was told to end before it had, and returns what
// [exec.Cmd.Wait] does.
func (p *process) wait(ctx context.Context, grace time.Duration, hurry <-chan struct{}) (told bool, err error) {
	defer p.family.close()

	// The family is signalled by another goroutine while this one waits for the
	// command. It is gone before we return: either it was never started, or it
	// has closed stopped.
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
		err = nil // it left to another process what it was given to read
	}
	close(ended)
	if told = !stop(); told {
		<-stopped
	}
	p.sweep(grace, hurry)
	return told, err
}

// lastWait is how long sweep waits for what it has killed. Killing takes no time,
// but for a process that the kernel holds on to, or that is not ours to kill.
const lastWait = 2 * time.Second

// sweep ends what is left of the family after its leader. There is nothing to wait
// on but the clock: these processes are not our children.
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

// MarshalJSON and UnmarshalJSON carry the signal's name to another machine.
func (i *Interrupted) MarshalJSON() ([]byte, error) { return json.Marshal(signalName(i.Signal)) }

// UnmarshalJSON returns an error if this system has no signal of the name.
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

// ExitCode is that of a program which ends because of the signal.
func (i *Interrupted) ExitCode() int { return exitOf(i.Signal) }

// signalOf is what to tell a command whose ctx has ended: the signal that we were
// told ourselves, or that it is time to end.
func signalOf(ctx context.Context) os.Signal {
	var i *Interrupted
	if errors.As(context.Cause(ctx), &i) && i.Signal != nil {
		return i.Signal
	}
	return terminate
}
