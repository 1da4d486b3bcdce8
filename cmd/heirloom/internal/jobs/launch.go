package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// dismiss ends a job that was not started.
func (r *run) dismiss(ctx context.Context, n *node, res *Result) {
	r.unstarted--
	if err := r.Output.note(res); err != nil {
		r.fail(err)
	}
	r.end(ctx, n, res)
}

// launch starts the job. It returns an error if the job can't be started at the moment.
func (r *run) launch(ctx context.Context, n *node) error {
	if r.Log.succeeded(n.name, n.Command, n.repeat) {
		r.dismiss(ctx, n, r.result(n, Resumed))
		return nil
	}
	if r.Explain != nil {
		res := r.result(n, OK)
		if err := r.Explain(res); err != nil {
			r.fail(err)
		}
		r.unstarted--
		r.end(ctx, n, res)
		return nil
	}
	out, err := r.Output.open(n.shown(), n.number)
	if scarce(err) {
		return err
	}
	if err != nil {
		r.fail(err)
		return nil
	}
	if _, last := out.files(); r.running.Load() > 0 {
		if err := crowded(last); err != nil {
			return errors.Join(out.end(nil), err)
		}
	}
	r.running.Add(1)
	r.unstarted--
	n.slot = r.takeSlot()
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
	r.showProgress()
	return nil
}

// takeSlot returns the first slot that no running job has, from 1.
func (r *run) takeSlot() int {
	free := slices.Index(r.slots, false)
	if free < 0 {
		free = len(r.slots)
		r.slots = append(r.slots, false)
	}
	r.slots[free] = true
	return free + 1
}

// end records how a job ended, and continues with the jobs that wait for it.
func (r *run) end(ctx context.Context, n *node, res *Result) {
	r.summary.add(res)
	if res.State != Resumed && r.Explain == nil {
		if err := r.log(ctx, res); err != nil {
			r.fail(err)
		}
	}
	if res.fatal != nil {
		r.fail(res.fatal)
	}
	if r.Explain == nil && r.Halt.reached(r.summary.Counts, max(r.admitted, r.Total)) {
		r.summary.Halted = true
		r.summary.Enough = r.Halt.On == Successes
		if r.closing = true; r.Halt.Now {
			r.cancel(ErrFailFast)
		}
	}
	if res.State != Canceled { // otherwise the jobs that wait for it are not run
		r.settle(ctx, n, res.State.succeeded(), fmt.Sprintf("%s, which %s", n.name, past(res.State)))
	}
	r.showProgress()
}

// log writes the result to the log, and waits for space if the disk is full. On a device
// such as /dev/full, there will never be space.
func (r *run) log(ctx context.Context, res *Result) error {
	if r.Log != nil && !r.Log.regular {
		return r.Log.add(res)
	}
	return r.patiently(ctx, "log", func() error { return r.Log.add(res) })
}

// patiently calls write until there is space for what it writes.
func (r *run) patiently(ctx context.Context, what string, write func() error) error {
	for {
		err := write()
		if !scarce(err) {
			return err
		}
		r.speech.once(what, err.Error()+": waiting for space")
		select {
		case <-time.After(holdTime):
		case <-ctx.Done():
			return err
		}
	}
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

// showProgress calls Progress.
func (r *run) showProgress() {
	if r.Progress != nil {
		c := r.summary.Counts
		c.Running, c.Known = int(r.running.Load()), max(r.admitted, r.Total)
		c.Final = r.Total > 0 || len(r.root.children) > 0
		r.Progress(c)
	}
}
