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
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// Options tell how jobs are run.
type Options struct {
	Limit      int               // how many jobs run at once; 0 for no limit
	Shell      *Shell            // runs commands
	Env        map[string]string // variables for all jobs
	Timeout    time.Duration     // of an attempt, for jobs that don't say; 0 for none
	Retries    int               // for jobs that don't say
	RetryDelay time.Duration     // before the first retry; doubled for each after it
	FailFast   bool              // whether the first failure ends the run
	Grace      time.Duration     // between telling a command to end and killing it
	Hurry      <-chan struct{}   // closed when there is no time for grace any more
	Output     Output
	Log        *Log         // where results are written; nil for nowhere
	Progress   func(Counts) // called when they change, one call at a time; may be nil

	// Explain, if not nil, is called with each job in the place of running it, as
	// if it had succeeded. Nothing is logged.
	Explain func(*Result) error
}

// ErrFailFast is the cause of the end of a run that ends with its first failure.
var ErrFailFast = errors.New("a job failed")

// maxRetryDelay bounds the doubling of RetryDelay.
const maxRetryDelay = time.Minute

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

// An ended is how the task of a job ended.
type ended struct {
	*node
	result *Result // nil if the job never began
	err    error
}

// ends are those that loop has not heard of yet. They are no channel, because they
// are added by OnDone, which makes the call itself if the task has ended already:
// loop would wait for itself.
type ends struct {
	mu   sync.Mutex
	list []ended
	some chan struct{} // has an element if list may have one
}

func (e *ends) add(one ended) {
	e.mu.Lock()
	e.list = append(e.list, one)
	e.mu.Unlock()
	select {
	case e.some <- struct{}{}:
	default: // it has been told already
	}
}

func (e *ends) take() []ended {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.list
	e.list = nil
	return list
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

// admit numbers a job, in the order of the file or the stream.
func (r *run) admit(n *node) {
	r.admitted++
	n.number = r.admitted
	n.name = n.label()
	if r.Log != nil {
		id := identify(n.name, n.Command, 0)
		n.repeat = r.repeats[id]
		r.repeats[id]++
	}
	r.unstarted++
}

func (r *run) result(n *node, s State) *Result {
	return &Result{Number: n.number, Job: n.name, Command: n.Command, Repeat: n.repeat, State: s, Exit: -1}
}

// unblock is called when all that n waited for has come about, or never will.
func (r *run) unblock(n *node) {
	switch {
	case n.missing != "" && !n.group():
		res := r.result(n, Skipped)
		res.Error = "needs " + n.missing
		r.dismiss(n, res)
		return
	case !n.group():
		heap.Push(&r.ready, n)
		return
	case n.missing == "":
		n.scope = n.parent.scope.Copy()
		n.scope.Run(func() { r.vars.set(n.Job) })
	}
	r.begin(n)
}

// begin tells the jobs of a group that the group has begun.
func (r *run) begin(group *node) {
	for _, child := range group.children {
		r.unblockOne(child, group.missing)
	}
}

// unblockOne tells n that one of those it waits for has ended or, if missing is
// not "", will never have done what n needs.
func (r *run) unblockOne(n *node, missing string) {
	n.missing = cmp.Or(n.missing, missing)
	if n.blockers--; n.blockers == 0 {
		r.unblock(n)
	}
}

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

// settle tells those that need n that it has ended, and its group, which ends with
// its last job.
func (r *run) settle(n *node, succeeded bool, missing string) {
	if succeeded {
		missing = ""
	}
	for _, waiting := range n.neededBy {
		r.unblockOne(waiting, missing)
	}
	if group := n.parent; group.parent != nil {
		group.broken = group.broken || !succeeded
		if group.unended--; group.unended == 0 {
			r.settle(group, !group.broken, group.label()+", which failed")
		}
	}
}

// tell calls Progress.
func (r *run) tell() {
	if r.Progress != nil {
		c := r.summary.Counts
		c.Running, c.Known = r.running, r.admitted
		r.Progress(c)
	}
}

// byNumber is a heap of jobs that can be started, the first in the file on top.
type byNumber []*node

func (q byNumber) Len() int           { return len(q) }
func (q byNumber) Less(i, j int) bool { return q[i].number < q[j].number }
func (q byNumber) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *byNumber) Push(n any)        { *q = append(*q, n.(*node)) }
func (q *byNumber) Pop() any {
	last := len(*q) - 1
	n := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return n
}
