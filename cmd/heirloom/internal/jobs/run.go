// Package jobs runs shell commands, several at a time.
//
// A run is a [task.Run] with a task for each job. What a job inherits, from its
// group and from the command line, and what it is told for itself are context
// variables: see vars.go. Jobs come as a [Stream] or as a [Plan]; what they print
// goes to an [Output], and how they ended to a [Log] and a [Summary].
package jobs

import (
	"cmp"
	"container/heap"
	"context"
	"os"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// RunStream runs the jobs of s, each as soon as fewer than the limit are running,
// and returns when they have ended. It reads no further ahead than one job.
//
// When ctx is cancelled, no further job is started, and those that run are told to
// end: with the signal of the cause if that is an [*Interrupted]. RunStream returns
// when they have, with a Summary and no error: what became of the run is in there.
// It returns an error if output or log cannot be written, or the stream ends with
// one. Jobs that ran until then are in the Summary.
func RunStream(ctx context.Context, s Stream, o Options) (*Summary, error) {
	r := newRun(&Job{Env: o.Env}, o)
	return r.run(ctx, s)
}

// RunPlan runs the jobs of p, once, each as soon as those it needs have succeeded and
// fewer than the limit are running; of several, the one first in the file. It
// returns as [RunStream] does.
func RunPlan(ctx context.Context, p *Plan, o Options) (*Summary, error) {
	r := newRun(p.root.Job, o)
	p.root.scope = r.root.scope
	r.root = p.root
	for _, n := range p.nodes {
		n.blockers = len(n.needs) + 1 // the beginning of its group
		n.unended = len(n.children)
		if !n.group() {
			r.admit(n)
		}
	}
	r.begin(r.root)
	return r.run(ctx, nil)
}

// A run is the state of RunStream or RunPlan. It belongs to the goroutine that is in
// loop. Jobs read what is set before loop begins, and call ends.
type run struct {
	Options
	vars    variables
	environ []string
	null    *os.File
	root    *node

	ends      ends
	cancel    context.CancelCauseFunc
	ready     byNumber
	running   int
	unstarted int // jobs of a plan that are neither running nor ended
	admitted  int
	repeats   map[identity]int
	summary   Summary
	err       error // the first that no job is to blame for
}

func newRun(root *Job, o Options) *run {
	r := &run{
		Options: o,
		vars:    variables{},
		environ: os.Environ(),
		root:    &node{Job: root, scope: ctxvar.Copy()},
		ends:    ends{some: make(chan struct{}, 1)},
		repeats: map[identity]int{},
	}
	line := &Job{Env: o.Env}
	r.vars.declare(root)
	r.vars.declare(line)
	r.root.scope.Run(func() {
		if o.Timeout > 0 {
			jobTimeout.Set(o.Timeout)
		}
		jobRetries.Set(o.Retries)
		r.vars.set(root)
		r.vars.set(line) // the command line has the last word
	})
	return r
}

func (r *run) run(ctx context.Context, s Stream) (*Summary, error) {
	begun := time.Now()
	var err error
	if r.null, err = os.Open(os.DevNull); err != nil {
		return &r.summary, err
	}
	defer r.null.Close()
	_, err = task.Run(ctx, func(ctx context.Context) (struct{}, error) {
		ctx, r.cancel = context.WithCancelCause(ctx)
		defer r.cancel(nil)
		r.loop(ctx, read(ctx, s))
		return struct{}{}, r.err
	}, task.Name("jobs"))
	r.summary.NotRun = r.unstarted
	r.summary.Elapsed = time.Since(begun)
	return &r.summary, err
}

type job struct {
	*Job
	err error
}

// read makes a channel of the stream. Its goroutine may wait for standard input,
// out of which nothing can get it, so that it is no task: nobody waits for it.
func read(ctx context.Context, s Stream) <-chan job {
	if s == nil {
		return nil
	}
	jobs := make(chan job)
	go func() {
		defer close(jobs)
		for j, err := range s {
			select {
			case jobs <- job{j, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return jobs
}

// loop starts jobs and waits for their ends, until there are no more of either.
func (r *run) loop(ctx context.Context, jobs <-chan job) {
	for {
		for ctx.Err() == nil && len(r.ready) > 0 && r.free() {
			r.launch(ctx, heap.Pop(&r.ready).(*node))
		}
		stopping, stop, next := ctx.Err() != nil, ctx.Done(), jobs
		if stopping {
			stop, next = nil, nil
		} else if !r.free() {
			next = nil
		}
		if r.running == 0 && (stopping || jobs == nil) {
			return
		}
		select {
		case j, ok := <-next:
			switch {
			case !ok:
				jobs = nil
			case j.err != nil:
				jobs = nil
				r.fail(j.err)
			default:
				n := &node{Job: j.Job, parent: r.root}
				r.admit(n)
				r.unblock(n)
			}
		case <-r.ends.some:
			for _, e := range r.ends.take() {
				r.running--
				if e.err != nil {
					r.fail(e.err)
				}
				if e.result != nil {
					r.end(e.node, e.result)
				}
			}
		case <-stop:
		}
	}
}

// free reports whether another job may be started.
func (r *run) free() bool {
	return (r.Limit == 0 || r.running < r.Limit) && !r.Output.full()
}

// fail ends the run because of something that no job is to blame for.
func (r *run) fail(err error) {
	r.err = cmp.Or(r.err, err)
	r.cancel(err)
}
