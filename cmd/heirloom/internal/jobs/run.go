// Package jobs runs shell commands, several at a time.
//
// A run is a [task.Run] with a task for each job. Context variables hold what a job
// inherits, from its group and from the command line, and what it is given for itself:
// see vars.go. Jobs come as a [Stream] or as a [Plan]. Their output goes to an
// [Output], and their results go to a [Log] and a [Summary].
package jobs

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// RunStream runs the jobs of s, each as soon as fewer jobs than the limit are running,
// and returns when all have ended. It reads no further ahead than one job.
//
// When ctx is cancelled, RunStream starts no further job and signals the running ones,
// with the signal of the cause if the cause is an [*Interrupted]. When these have
// ended, it returns a Summary, which says what happened, and no error. It returns an
// error if output or log can't be written, or if the stream ends with one. The Summary
// has the jobs that ran until then.
func RunStream(ctx context.Context, s Stream, o Options) (*Summary, error) {
	r := newRun(&Job{Env: o.Env}, o)
	return r.run(ctx, s)
}

// RunPlan runs the jobs of p once, each as soon as the jobs that it needs have
// succeeded and fewer jobs than the limit are running. If several could start, the
// first in the file does. RunPlan returns as [RunStream] does.
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
	r.begin(ctx, r.root)
	return r.run(ctx, nil)
}

// A run is the state of RunStream or RunPlan. It belongs to the goroutine that executes
// loop. Jobs read the fields that are set before loop begins, and call ends.
type run struct {
	Options
	vars   variables
	host   *Host
	stdin  *stdin
	root   *node
	speech speech

	ends      ends
	broken    chan error // the first failure to print, from any goroutine
	cancel    context.CancelCauseFunc
	closing   bool // no further job may be started
	ready     byNumber
	running   atomic.Int32 // jobs whose ends loop has not handled; only loop changes it
	slots     []bool       // the slots that are taken
	next      time.Time    // no job may be started before it
	refused   refusals
	unstarted int // jobs of a plan that are neither running nor ended
	admitted  int
	repeats   map[identity]int
	summary   Summary
	err       error // the first error that is not a job's
}

func newRun(root *Job, o Options) *run {
	r := &run{
		Options: o,
		vars:    variables{},
		root:    &node{Job: root, scope: ctxvar.Copy()},
		ends:    ends{some: make(chan struct{}, 1)},
		broken:  make(chan error, 1),
		repeats: map[identity]int{},
	}
	if o.FailFast {
		r.Halt = Halt{Now: true, Count: 1}
	}
	if r.Processes == nil {
		r.Processes = new(Processes)
	}
	r.speech.say = o.Say
	r.host = &Host{
		Shell: o.Shell, Environ: os.Environ(), Processes: r.Processes, Hurry: o.Hurry, TTY: o.TTY, Say: r.speech.once,
		Underway: func() int { return int(r.running.Load()) },
	}
	line := &Job{Env: o.Env, Unset: o.Unset}
	r.vars.declare(root)
	r.vars.declare(line)
	r.root.scope.Run(func() {
		if o.Timeout > 0 {
			jobTimeout.Set(o.Timeout)
		}
		jobRetries.Set(o.Retries)
		r.vars.set(root)
		r.vars.set(line) // the command line outranks the file
	})
	return r
}

func (r *run) run(ctx context.Context, s Stream) (*Summary, error) {
	begun := time.Now()
	var err error
	if r.stdin, err = openStdin(r.Stdin, r.Input, r.TTY); err != nil {
		return &r.summary, err
	}
	defer r.stdin.close()
	fail := func(err error) {
		select {
		case r.broken <- err:
		default: // it has an element already
		}
	}
	defer r.Output.begin(fail)()
	defer r.Log.watch(fail)()
	_, err = task.Run(ctx, func(ctx context.Context) (struct{}, error) {
		ctx, r.cancel = context.WithCancelCause(ctx)
		defer r.cancel(nil)
		r.loop(ctx, read(ctx, s))
		return struct{}{}, r.err
	}, task.Name("jobs"))
	r.summary.NotRun = max(r.unstarted, r.Total-r.summary.Ended())
	r.summary.Elapsed = time.Since(begun)
	return &r.summary, err
}

type job struct {
	*Job
	err error
}

// read turns the stream into a channel. Its goroutine may wait for standard input, and
// nothing can interrupt that. So it is not a task, and its end is not awaited.
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

// loop starts jobs and waits for their ends, until nothing is left of either.
func (r *run) loop(ctx context.Context, jobs <-chan job) {
	drain := r.Drain
	for {
		wake := r.startReady(ctx)
		stopping, stop, next := ctx.Err() != nil, ctx.Done(), jobs
		switch {
		case stopping || r.closing:
			next, wake = nil, nil
		case len(r.ready) > 0 || !r.free():
			next = nil // the next job is read only when it can be started
		}
		if stopping {
			stop = nil
		}
		if r.running.Load() == 0 && (stopping || r.closing || jobs == nil && len(r.ready) == 0) {
			r.takeBroken()
			return
		}
		select {
		case j, ok := <-next:
			switch {
			case !ok:
				jobs = nil
			case j.err != nil:
				// The jobs that run are not to blame for what cannot be read.
				jobs, r.closing = nil, true
				r.err = cmp.Or(r.err, j.err)
				if r.running.Load() > 0 {
					r.speech.once("input", j.err.Error()+": waiting for the jobs that run, and starting no more")
				}
			default:
				n := &node{Job: j.Job, parent: r.root}
				r.admit(n)
				r.unblock(ctx, n)
			}
		case <-r.ends.some:
			r.refused.until = time.Time{} // the job has released something
			for _, e := range r.ends.take() {
				r.running.Add(-1)
				r.slots[e.slot-1] = false
				if e.err != nil {
					r.fail(e.err)
				}
				if e.result != nil {
					r.end(ctx, e.node, e.result)
				}
			}
		case err := <-r.broken:
			r.fail(err)
		case <-drain:
			drain, r.closing = nil, true
		case <-wake:
		case <-stop:
		}
	}
}

// takeBroken records a failure to print that came with the end of everything.
func (r *run) takeBroken() {
	select {
	case err := <-r.broken:
		r.fail(err)
	default:
	}
}

// startReady starts the jobs that can be started. If a job has to wait for something
// other than a place, startReady returns a channel that gets an element when it is time
// to try again.
func (r *run) startReady(ctx context.Context) <-chan time.Time {
	for ctx.Err() == nil && !r.over() && len(r.ready) > 0 && r.free() {
		if wait := max(time.Until(r.next), time.Until(r.refused.until)); wait > 0 {
			return time.After(wait)
		}
		if r.Hold != nil && r.Explain == nil {
			if why := r.Hold(); why != "" {
				r.speech.once(why, why+": waiting with the next job")
				r.next = time.Now().Add(holdTime)
				continue
			}
		}
		n := heap.Pop(&r.ready).(*node)
		if err := r.launch(ctx, n); err != nil {
			heap.Push(&r.ready, n)
			r.refuse(withoutPath(err))
			continue
		}
		r.refused = refusals{}
		if r.Delay > 0 && r.Explain == nil {
			r.next = time.Now().Add(r.Delay)
		}
	}
	return nil
}

// refusals are tries, in a row, to start a job for which the machine lacked something.
type refusals struct {
	count int       // the tries that no end of a job can help
	until time.Time // when to try again, unless a job ends before that
}

// refuse waits until the machine may have what a job lacks. If that is a descriptor and no
// job runs, it ends the run: only this process could release one.
func (r *run) refuse(why error) {
	if r.refused.count++; !ownLimit(why) || r.running.Load() > 0 {
		r.refused.count = 0
	}
	if r.refused.count > maxRefusals {
		r.fail(fmt.Errorf("no job can be started: %w", why))
		return
	}
	// A job that has not started its command may find that it cannot, and release nothing.
	if !ownLimit(why) || r.running.Load() > 0 && (r.Elsewhere != nil || len(r.Processes.all()) > 0) {
		r.speech.once(why.Error(), why.Error()+": waiting with the next job")
	}
	r.refused.until = time.Now().Add(holdTime)
}

// maxRefusals is how often a job may lack a descriptor while no other job runs. Other users
// of descriptors in this process, such as the handling of signals, keep them only briefly.
const maxRefusals = 2

// over reports whether no further job may be started. It looks at Drain itself, because
// loop receives one event at a time, and may receive the end of a job first.
func (r *run) over() bool {
	select {
	case <-r.Drain:
		r.closing = true
	default:
	}
	return r.closing
}

// holdTime is how long a job waits before its next try when the machine lacks something
// for it.
const holdTime = 500 * time.Millisecond

// free reports whether another job may be started.
func (r *run) free() bool {
	return (r.Limit == 0 || int(r.running.Load()) < r.Limit) && !r.Output.full()
}

// fail ends the run because of an error that is not a job's.
func (r *run) fail(err error) {
	r.err = cmp.Or(r.err, err)
	r.cancel(err)
}
