package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// job runs the job's command until it succeeds or has been tried often enough. It
// is the body of the job's task, in a copy of its parent's variables. The error is
// one that the job is not to blame for.
func (r *run) job(ctx context.Context, n *node, out sink) (*Result, error) {
	r.vars.set(n.Job)
	jobName.Set(n.name)
	jobNumber.Set(n.number)
	jobSlot.Set(n.slot)

	res := r.result(n, Canceled)
	res.Start = time.Now()
	for delay := r.RetryDelay; ; delay = min(2*delay, maxRetryDelay) {
		res.Attempts++
		jobAttempt.Set(res.Attempts)
		r.attempt(ctx, n, out, res)
		again := res.State == Failed || res.State == TimedOut
		if !again || res.Attempts > jobRetries.Get() || !r.RetryOn.has(res) {
			break
		}
		if task.Sleep(ctx, delay) != nil {
			res.State = Canceled
			break
		}
	}
	res.Seconds = time.Since(res.Start).Seconds()
	return res, out.end(res)
}

var errTimeout = errors.New("the command's time is up")

// attempt runs the command once, and writes to res how it ended.
func (r *run) attempt(ctx context.Context, n *node, out sink, res *Result) {
	res.State, res.Exit, res.Signal, res.Error = Failed, -1, "", ""
	if d, ok := jobTimeout.Lookup(); ok && d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = r.Processes.within(ctx, d, errTimeout)
		defer cancel()
	}
	p, err := r.start(ctx, n, out)
	if err != nil {
		if ctx.Err() != nil {
			res.State = Canceled
			if context.Cause(ctx) == errTimeout { // which was up before the start
				res.State = TimedOut
			}
			return
		}
		res.Error = err.Error()
		return
	}
	told, err := p.wait(ctx, r.Grace, r.Hurry)
	r.Processes.remove(p)
	ended := p.cmd.ProcessState
	res.Exit = ended.ExitCode()
	if s, ok := killedBy(ended); ok {
		res.Signal = signalName(s)
		res.Exit = exitOf(s)
		if p.family.ofKeys(s) {
			res.interrupt = &Interrupted{Signal: s}
		}
	}
	switch {
	case told && context.Cause(ctx) == errTimeout:
		res.State = TimedOut
	case told:
		res.State = Canceled
	case err == nil:
		res.State = OK
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		res.Error = err.Error()
	}
}

// aloneTime is how long a command that cannot be started for want of something is
// tried again when nothing runs that could set it free.
const aloneTime = time.Minute

// start starts the job's command. If the machine lacks what that takes, it waits.
func (r *run) start(ctx context.Context, n *node, out sink) (*process, error) {
	_, ownPath := r.vars["PATH"]
	path, args := r.Shell.Command(n.Command, ownPath)
	begun := time.Now()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, holdTime) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		cmd := &exec.Cmd{
			Path:      path,
			Args:      args,
			Env:       r.vars.environ(r.environ),
			Dir:       jobDir.Get(),
			Stdin:     r.stdin.of(n),
			WaitDelay: unreadTime,
		}
		cmd.Stdout, cmd.Stderr = out.files()
		p, err := r.Processes.start(cmd, n, r.TTY)
		switch {
		case err == nil:
			return p, nil
		case tooLong(err):
			return nil, fmt.Errorf("%w: the command is %d bytes long", err, len(n.Command))
		case !scarce(err) || len(r.Processes.all()) == 0 && time.Since(begun) > aloneTime:
			// What is missing may be the directory, which err does not tell.
			if _, noDir := os.Stat(cmd.Dir); cmd.Dir != "" && noDir != nil {
				err = noDir
			}
			return nil, err
		}
		r.speech.once("start", fmt.Sprintf("%v: waiting to start a command", err))
		if err := task.Sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}
