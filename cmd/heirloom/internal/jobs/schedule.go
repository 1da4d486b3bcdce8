package jobs

import (
	"cmp"
	"container/heap"
	"context"
)

// admit gives a job its number, in the order of the file or the stream.
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
	return &Result{
		Number: n.number, Job: n.name, Command: n.Command, Repeat: n.repeat, State: s, Exit: -1,
		JobBytes: unlessText(n.name), CommandBytes: unlessText(n.Command),
	}
}

// unblock is called when everything that n waited for has happened, or never will.
func (r *run) unblock(ctx context.Context, n *node) {
	switch {
	case n.missing != "" && !n.group():
		res := r.result(n, Skipped)
		res.Error = "needs " + n.missing
		r.dismiss(ctx, n, res)
		return
	case !n.group():
		heap.Push(&r.ready, n)
		return
	case n.missing == "":
		n.scope = n.parent.scope.Copy()
		n.scope.Run(func() { r.vars.set(n.Job) })
	}
	r.begin(ctx, n)
}

// begin notifies the jobs of a group that the group has begun.
func (r *run) begin(ctx context.Context, group *node) {
	for _, child := range group.children {
		r.unblockOne(ctx, child, group.missing)
	}
}

// unblockOne notifies n that one of the nodes it waits for has ended. If missing is not
// "", it says why that node will never satisfy n.
func (r *run) unblockOne(ctx context.Context, n *node, missing string) {
	n.missing = cmp.Or(n.missing, missing)
	if n.blockers--; n.blockers == 0 {
		r.unblock(ctx, n)
	}
}

// settle notifies the nodes that need n of its end, and its group, which ends with its
// last job.
func (r *run) settle(ctx context.Context, n *node, succeeded bool, missing string) {
	if succeeded {
		missing = ""
	}
	for _, waiting := range n.neededBy {
		r.unblockOne(ctx, waiting, missing)
	}
	if group := n.parent; group.parent != nil {
		group.broken = group.broken || !succeeded
		if group.unended--; group.unended == 0 {
			r.settle(ctx, group, !group.broken, group.label()+", which failed")
		}
	}
}

// byNumber is a heap of jobs that can be started, with the first in the file on top.
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
