package task

import (
	"fmt"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/inflight"
)

// calls holds the calls of package gather that a task is in.
type calls struct {
	mu    sync.Mutex
	first *inflight.Call // the newest
	len   int
	jobs  []*jobWait
}

// A host is a task in which calls are made.
type host node

var _ inflight.Host = (*host)(nil)

func init() { inflight.Here = calling }

// calling returns the task whose own goroutine is the running one, or runs a job of a call
// in the task, or nil.
func calling() inflight.Host {
	if w := origin(); w != nil && (w.isHere() || gls.JobHere() != nil) {
		return (*host)(w)
	}
	return nil
}

func (h *host) Enter(c *inflight.Call) {
	n := (*node)(h)
	c.Host = h
	in := n.callsHere()
	if c.Here = n.isHere(); !c.Here {
		if c.Outer = gls.JobHere(); c.Outer != nil {
			c.By = gls.Goroutine()
		}
	} else if c.Own = n.waitFor.Load() == nil; c.Own {
		n.waitsFor(&inCall)
	}
	in.mu.Lock()
	if c.Next = in.first; c.Next != nil {
		c.Next.Prev = c
	}
	in.first = c
	in.len++
	waiting := in.haveWaited(c)
	in.mu.Unlock()
	if waiting {
		n.judgeCalls()
	}
}

// haveWaited reports whether jobs of c, which is a new one, may be waiting: those of a
// gather.Group start before that waits. in.mu is locked.
func (in *calls) haveWaited(c *inflight.Call) bool {
	if c.Job == nil || len(in.jobs) == 0 {
		return false
	}
	for o := c.Next; o != nil; o = o.Next {
		if o.Outer == c.Job {
			return true
		}
	}
	return slices.ContainsFunc(in.jobs, func(j *jobWait) bool { return j.job == c.Job })
}

func (h *host) Leave(c *inflight.Call) {
	n := (*node)(h)
	if c.Own {
		n.waitsFor(nil)
	}
	in := n.aside.calls
	in.mu.Lock()
	defer in.mu.Unlock()
	in.len--
	if c.Prev != nil {
		c.Prev.Next = c.Next
	} else {
		in.first = c.Next
	}
	if c.Next != nil {
		c.Next.Prev = c.Prev
	}
	c.Prev, c.Next, c.Node = nil, nil, nil
}

func (h *host) Ended() {
	if n := (*node)(h); n.hasJobs() {
		n.judgeCalls()
	}
}

// callRows returns descriptions of the calls that n is in. If there are more
// than limit, it returns the newest of them, and the number of those left out.
func (n *node) callRows(limit int) (rows []Info, more int) {
	in := n.callsIn()
	if in == nil {
		return nil, 0
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for c := in.first; c != nil && len(rows) < limit; c = c.Next {
		if c.ID == 0 {
			c.ID = lastID.Add(1)
		}
		i := Info{ID: c.ID, Parent: n.id, Kind: KindCall, State: Running, Jobs: new(Jobs)}
		i.Name, i.Jobs.Done, i.Jobs.Running, i.Jobs.Total = c.View.Counts()
		rows = append(rows, i)
	}
	return rows, in.len - len(rows)
}

// Jobs has the numbers of jobs of a call of package gather, by progress.
type Jobs struct {
	Done    int `json:"done"`
	Running int `json:"running"`
	Total   int `json:"total"` // negative if unknown
}

// String returns the progress of the jobs as text.
func (j *Jobs) String() string {
	if j.Total < 0 {
		return fmt.Sprintf("%d jobs done, %d running", j.Done, j.Running)
	}
	return fmt.Sprintf("%d of %d jobs done, %d running", j.Done, j.Total, j.Running)
}
