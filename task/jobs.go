package task

import (
	"slices"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/inflight"
)

// A jobWait is a job of package gather while it waits for tasks: a node that is in
// no tree, which holds the wait, and which a search for deadlocks finds. A job is not a
// task, and has a jobWait only while it waits. A job that has made a call itself, and waits
// for the end of that, has one that holds no wait.
type jobWait struct {
	node
	host *node        // the task that made the call
	job  *gls.Carried // identifies the call
	by   uint64       // the goroutine that runs the job
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
	j := &jobWait{host: n, job: job, by: gls.Goroutine()}
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

// blocks returns what cannot go on before j has ended, or nil: the task that made the
// call or, if the task does not wait for all of the jobs around, the job that made the call
// of j. If the end of any one of several jobs is enough for that, any has those jobs; all of
// them wait, for otherwise it is not blocked.
func (j *jobWait) blocks() (w *node, any []*node) {
	in := j.host.callsHere()
	in.mu.Lock()
	c := in.find(j.job)
	if c == nil {
		in.mu.Unlock()
		return nil, nil
	}
	if c.Any {
		// All must have started: another one could end the call. Those that run are counted
		// before those that wait, for if one goes on and ends in between, as many might be
		// left that run, though another of them does not wait.
		_, done, running, total := c.View.Counts()
		var goroutines map[uint64]bool
		any, goroutines = in.jobsOf(c)
		if running != len(goroutines) || done+running != total || !slices.Contains(any, &j.node) {
			in.mu.Unlock()
			return nil, nil
		}
	}
	outer := c
	for outer != nil && !outer.Here {
		around := in.find(outer.Outer)
		if around != nil && (around.Any || c.Any) {
			w = &in.jobThatMade(outer, j.host).node
			break
		}
		outer = around
	}
	in.mu.Unlock()
	switch {
	case outer == nil:
		return nil, nil
	case w == nil:
		w = j.host
	}
	return w, any
}

// jobsOf returns the jobs of c that wait, for tasks or for a call, and the goroutines that
// run them; in.mu is locked.
func (in *calls) jobsOf(c *inflight.Call) (jobs []*node, goroutines map[uint64]bool) {
	goroutines = make(map[uint64]bool)
	for _, j := range in.jobs {
		if j.job == c.Job && !j.idle.Load() {
			jobs = append(jobs, &j.node)
			goroutines[j.by] = true
		}
	}
	for nested := in.first; nested != nil; nested = nested.Next {
		// A goroutine that is in several calls has made the newest of them in a function
		// that another one has called. What it waits for itself comes first.
		if nested.Outer == c.Job && nested.Job != nil && !goroutines[nested.By] {
			j := in.jobThatMade(nested, (*node)(c.Host.(*host)))
			jobs = append(jobs, &j.node)
			goroutines[j.by] = true
		}
	}
	return jobs, goroutines
}

// jobThatMade returns the job that made c, which is not the task's own; in.mu is locked.
func (in *calls) jobThatMade(c *inflight.Call, host *node) *jobWait {
	j, _ := c.Node.(*jobWait)
	if j == nil {
		j = &jobWait{host: host, job: c.Outer, by: c.By}
		j.self = j
		c.Node = j
	}
	return j
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

// judgeCalls determines whether n, which has entered a call, or a job of which has, will
// wait for ever because of jobs that wait already, and if so ends a wait of the cycle with
// an error.
func (n *node) judgeCalls() {
	in := n.callsHere()
	in.mu.Lock()
	jobs := slices.Clone(in.jobs)
	in.mu.Unlock()
	again(func() bool {
		s := newSearch(n)
		for _, j := range jobs {
			if s.has(&j.node) && s.keeps(n, j) && s.endOne(append([]*node{n}, s.cycle(&j.node)...)) {
				return true
			}
		}
		return false
	})
}

// keeps reports whether n, from which s starts, cannot go on because of j, which was found.
func (s *search) keeps(n *node, j *jobWait) bool {
	for {
		switch w, any := j.blocks(); {
		case w == n:
			return s.hasAll(n, &target{on: any})
		case w == nil || !s.has(w):
			return false
		default:
			j = w.asJob()
		}
	}
}
