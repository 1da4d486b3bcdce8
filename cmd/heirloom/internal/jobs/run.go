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
	r.begin(ctx, r.root)
	return r.run(ctx, nil)
}

// A run is the state of RunStream or RunPlan. It belongs to the goroutine that is in
// loop. Jobs read what is set before loop begins, and call ends.
type run struct {
	Options
	vars   variables
	host   *Host
	stdin  *stdin
	root   *node
	speech speech

	ends      ends
	broken    chan error // the first failure to print, which any goroutine may have
	cancel    context.CancelCauseFunc
	closing   bool // no further job is started
	ready     byNumber
	running   int
	slots     []bool    // which are taken
	next      time.Time // before which no job is started
	unstarted int       // jobs of a plan that are neither running nor ended
	admitted  int
	repeats   map[identity]int
	summary   Summary
	err       error // the first that no job is to blame for
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
		r.vars.set(line) // the command line has the last word
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
	stop := r.Output.begin(func(err error) {
		select {
		case r.broken <- err:
		default: // it has failed already
		}
	})
	defer stop()
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
	drain := r.Drain
	for {
		wake := r.startReady(ctx)
		stopping, stop, next := ctx.Err() != nil, ctx.Done(), jobs
		switch {
		case stopping || r.closing:
			next, wake = nil, nil
		case len(r.ready) > 0 || !r.free():
			next = nil // which is read when it can be started, and not before
		}
		if stopping {
			stop = nil
		}
		if r.running == 0 && (stopping || r.closing || jobs == nil && len(r.ready) == 0) {
			r.takeBroken()
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
				r.unblock(ctx, n)
			}
		case <-r.ends.some:
			for _, e := range r.ends.take() {
				r.running--
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

// takeBroken takes note of a failure to print that came with the end of all.
func (r *run) takeBroken() {
	select {
	case err := <-r.broken:
		r.fail(err)
	default:
	}
}

// startReady starts the jobs that can be. If one has to wait for something else
// than a place, it returns a channel that has an element when it is time to try
// again.
func (r *run) startReady(ctx context.Context) <-chan time.Time {
	for ctx.Err() == nil && !r.over() && len(r.ready) > 0 && r.free() {
		if wait := time.Until(r.next); wait > 0 {
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
			why := withoutPath(err).Error()
			r.speech.once(why, why+": waiting with the next job")
			r.next = time.Now().Add(holdTime)
		} else if r.Delay > 0 && r.Explain == nil {
			r.next = time.Now().Add(r.Delay)
		}
	}
	return nil
}

// over reports whether no further job is to be started. It asks Drain itself,
// because loop hears of one thing at a time, and may hear of the end of a job first.
func (r *run) over() bool {
	select {
	case <-r.Drain:
		r.closing = true
	default:
	}
	return r.closing
}

// holdTime is how long a job waits for what the machine lacks before it is tried
// again.
const holdTime = 500 * time.Millisecond

// free reports whether another job may be started.
func (r *run) free() bool {
	return (r.Limit == 0 || r.running < r.Limit) && !r.Output.full()
}

// fail ends the run because of something that no job is to blame for.
func (r *run) fail(err error) {
	r.err = cmp.Or(r.err, err)
	r.cancel(err)
}
