package jobs

import (
	"context"
	"fmt"

	"github.com/heirloom-go/heirloom/task"
)

// dismiss ends a job that was not started.
func (r *run) dismiss(n *node, res *Result) {
	r.unstarted--
	if err := r.Output.note(res); err != nil {
		r.fail(err)
	}
	r.end(n, res)
}

// launch starts the job.
func (r *run) launch(ctx context.Context, n *node) {
	if r.Log.succeeded(n.name, n.Command, n.repeat) {
		r.dismiss(n, r.result(n, Resumed))
		return
	}
	if r.Explain != nil {
		res := r.result(n, OK)
		if err := r.Explain(res); err != nil {
			r.fail(err)
		}
		r.unstarted--
		r.end(n, res)
		return
	}
	out, err := r.Output.open(n.name, n.number)
	if err != nil {
		r.fail(err)
		return
	}
	r.running++
	r.unstarted--
	begun := false
	t := task.Go(ctx, func(ctx context.Context) (*Result, error) {
		begun = true
		return r.job(ctx, n, out)
	}, task.Name(n.name), task.InContext(n.parent.scope.Copy()))
	t.OnDone(func(t *task.Task[*Result]) {
		res, err := t.Result()
		if !begun { // the run was cancelled just before
			res, err = nil, out.end(nil)
		}
		r.ends.add(ended{n, res, err})
	})
	r.tell()
}

// end takes note of how a job ended, and goes on to those that wait for it.
func (r *run) end(n *node, res *Result) {
	r.summary.add(res)
	if res.State != Resumed && r.Explain == nil {
		if err := r.Log.add(res); err != nil {
			r.fail(err)
		}
	}
	if r.FailFast && (res.State == Failed || res.State == TimedOut) {
		r.cancel(ErrFailFast)
	}
	if res.State != Canceled { // or else whoever waits for it will not be run
		r.settle(n, res.State.succeeded(), fmt.Sprintf("%s, which %s", n.name, past(res.State)))
	}
	r.tell()
}

func past(s State) string {
	switch s {
	case TimedOut:
		return "timed out"
	case Skipped:
		return "was skipped"
	}
	return "failed"
}

// tell calls Progress.
func (r *run) tell() {
	if r.Progress != nil {
		c := r.summary.Counts
		c.Running, c.Known = r.running, r.admitted
		r.Progress(c)
	}
}
