package jobs

import (
	"context"
	"errors"
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

	res := r.result(n, Canceled)
	res.Start = time.Now()
	for delay := r.RetryDelay; ; delay = min(2*delay, maxRetryDelay) {
		res.Attempts++
		jobAttempt.Set(res.Attempts)
		r.attempt(ctx, n.Command, out, res)
		again := res.State == Failed || res.State == TimedOut
		if !again || res.Attempts > jobRetries.Get() {
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
func (r *run) attempt(ctx context.Context, command string, out sink, res *Result) {
	res.State, res.Exit, res.Signal, res.Error = Failed, -1, "", ""
	if d, ok := jobTimeout.Lookup(); ok && d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, d, errTimeout)
		defer cancel()
	}
	if ctx.Err() != nil {
		res.State = Canceled
		return
	}
	_, ownPath := r.vars["PATH"]
	path, args := r.Shell.Command(command, ownPath)
	cmd := &exec.Cmd{
		Path:  path,
		Args:  args,
		Env:   r.vars.environ(r.environ),
		Dir:   jobDir.Get(),
		Stdin: r.null,
	}
	cmd.Stdout, cmd.Stderr = out.files()
	p, err := start(cmd)
	if err != nil {
		// What is missing may be the directory, which err does not tell.
		if _, noDir := os.Stat(cmd.Dir); cmd.Dir != "" && noDir != nil {
			err = noDir
		}
		res.Error = err.Error()
		return
	}
	told, err := p.wait(ctx, r.Grace, r.Hurry)
	res.Exit = cmd.ProcessState.ExitCode()
	if s, ok := killedBy(cmd.ProcessState); ok {
		res.Signal = signalName(s)
		res.Exit = exitOf(s)
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
