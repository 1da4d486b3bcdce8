package task

import (
	"slices"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/inflight"
)

// A jobWait is a job of package gather while it waits for tasks: a node that is in
// no tree, which holds the wait, and which a search for deadlocks finds. A job is not a
// task, and has a jobWait only while it waits.
type jobWait struct {
	node
	host *node        // the task that made the call
	job  *gls.Carried // identifies the call
	idle atomic.Bool  // the body of a loop over AsCompleted runs, and may wait with another jobWait
}

// waiting returns the node with which the running goroutine waits: that of its task,
// or, if it runs a job of package gather, a new one. It returns nil for any other
// goroutine. The caller must call waited at the end.
func waiting() *node {
	n := origin()
	if n == nil || n.isHere() {
		return n
	}
	job := gls.JobHere()
	if job == nil {
		return nil
	}
	j := &jobWait{host: n, job: job}
	j.self = j
	in := n.callsHere()
	in.mu.Lock()
	in.jobs = append(in.jobs, j)
	in.mu.Unlock()
	return &j.node
}

// waited removes w, which waiting returned, if it was made for the wait.
func (w *node) waited() {
	j := w.asJob()
	if j == nil {
		return
	}
	j.mu.Lock()
	j.raise(isFinal)
	j.mu.Unlock()
	in := j.host.aside.calls
	in.mu.Lock()
	defer in.mu.Unlock()
	i := slices.Index(in.jobs, j)
	in.jobs = slices.Delete(in.jobs, i, i+1)
}

// idles records whether w, which may be nil, does not wait although it is kept for the next
// wait of a loop.
func (w *node) idles(idle bool) {
	if j := w.asJob(); j != nil {
		j.idle.Store(idle)
	}
}

// asJob returns the job that n is, or nil. n may be nil.
func (n *node) asJob() *jobWait {
	if n == nil {
		return nil
	}
	j, _ := n.self.(*jobWait)
	return j
}

// whole returns the task that w is, or is a job in.
func (w *node) whole() *node {
	if j := w.asJob(); j != nil {
		return j.host
	}
	return w
}

// callsHere returns n's calls, which it makes if there are none.
func (n *node) callsHere() *calls {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.beside()
	if b.calls == nil {
		b.calls = new(calls)
	}
	return b.calls
}

// callsIn returns n's calls, or nil if there never was one.
func (n *node) callsIn() *calls {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.aside == nil {
		return nil
	}
	return n.aside.calls
}

// hasJobs reports whether a job of a call that n is in waits.
func (n *node) hasJobs() bool {
	in := n.callsIn()
	if in == nil {
		return false
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.jobs) > 0
}

// find returns the call whose jobs are identified by job, or nil; in.mu is locked.
func (in *calls) find(job *gls.Carried) *inflight.Call {
	for c := in.first; c != nil && job != nil; c = c.Next {
		if c.Job == job {
			return c
		}
	}
	return nil
}

// blocks returns the task that cannot go on before j has ended, or nil. If the end of any
// one of several jobs is enough for the task, any has those jobs; all of them wait, for
// otherwise the task is not blocked.
func (j *jobWait) blocks() (w *node, any []*node) {
	in := j.host.callsHere()
	in.mu.Lock()
	c := in.find(j.job)
	if c == nil {
		in.mu.Unlock()
		return nil, nil
	}
	if c.Any {
		for _, o := range in.jobs {
			if o.job == j.job && !o.idle.Load() {
				any = append(any, &o.node)
			}
		}
	}
	outer := c
	for outer != nil && !outer.Here {
		if outer = in.find(outer.Outer); outer != nil && outer.Any {
			outer = nil // it is not known which of its other jobs run
		}
	}
	in.mu.Unlock()
	if outer == nil {
		return nil, nil
	}
	if c.Any {
		// All must have started: another one could end the call.
		if _, done, running, total := c.View.Counts(); running != len(any) || done+running != total {
			return nil, nil
		}
	}
	return j.host, any
}

// isInCall reports whether n's own goroutine is in a call that ends only after its jobs.
func (n *node) isInCall() bool {
	in := n.callsIn()
	if in == nil {
		return false
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for c := in.first; c != nil; c = c.Next {
		if c.Here && c.Job != nil {
			return true
		}
	}
	return false
}

// judgeCall determines whether n, which has entered c, will wait for ever because of jobs
// of c that wait already, and if so ends a wait of the cycle with an error.
func (n *node) judgeCall(c *inflight.Call) {
	in := n.callsHere()
	in.mu.Lock()
	jobs := slices.Clone(in.jobs)
	in.mu.Unlock()
	again(func() bool {
		s := newSearch(n)
		for _, j := range jobs {
			if j.job != c.Job || !s.has(&j.node) {
				continue
			}
			if w, any := j.blocks(); w == n && s.hasAll(n, &target{on: any}) && s.endOne(append([]*node{n}, s.cycle(&j.node)...)) {
				return true
			}
		}
		return false
	})
}
