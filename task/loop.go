package task

import (
	"context"
	"iter"
	"sync"

	"github.com/heirloom-go/heirloom/internal/members"
)

func init() {
	members.Wait = waitForNext
	members.Started = func(f func(any)) any { return optionFunc(func(o *options) { o.started = f }) }
}

// A loop is a task's wait for the first task of a set to end. The set grows
// while the loop lasts, and may be large, so no hooks lead from its tasks to
// the waiting task; see loops.
type loop struct {
	waiter *node
	set    members.Set
}

// loops holds the loops that wait now.
var loops register

type register struct {
	mu   sync.Mutex
	open map[*loop]struct{}
}

func (r *register) add(l *loop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = make(map[*loop]struct{})
	}
	r.open[l] = struct{}{}
}

func (r *register) remove(l *loop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, l)
}

func (r *register) has(l *loop) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.open[l]
	return ok
}

// of returns the loops that wait for t, among others.
func (r *register) of(t Handle) []*loop {
	r.mu.Lock()
	all := make([]*loop, 0, len(r.open))
	for l := range r.open {
		all = append(all, l)
	}
	r.mu.Unlock()
	var of []*loop
	for _, l := range all {
		if l.set.Has(t) { // which takes locks of its own
			of = append(of, l)
		}
	}
	return of
}

// aside stands for tasks of a set that were not taken and are not among its
// running tasks: a wait for the set is over, or about to be. It waits for
// nothing.
var aside node

// others iterates over the tasks of l's set, except for the waiting task,
// which, if it is in the set, does not wait for itself.
func (l *loop) others() iter.Seq[*node] {
	return func(yield func(*node) bool) {
		for t := range l.set.All() {
			n := &aside
			if t != nil {
				n = t.(Handle).untyped()
			}
			if n != l.waiter && !yield(n) {
				return
			}
		}
	}
}

func (l *loop) nodes() []*node {
	var nodes []*node
	for n := range l.others() {
		nodes = append(nodes, n)
	}
	return nodes
}

// look returns the nodes, or if there are more than limit, some of them and the
// number of those left out: listing very many would hold up tasks that start
// and end.
func (l *loop) look(limit int) (nodes []*node, unseen int) {
	all := l.set.Len()
	if all <= limit {
		return l.nodes(), 0
	}
	for n := range l.others() {
		nodes = append(nodes, n)
		if len(nodes) == members.Few-1 { // the waiter may have been among them
			break
		}
	}
	return nodes, max(all-len(nodes), 0)
}

// maybeStuck is node.maybeStuck for a loop. It stops at the first task that
// goes on.
func (l *loop) maybeStuck() bool {
	if !l.waiter.isAwaited() {
		return false
	}
	for n := range l.others() {
		if n.is(isFinal) || !n.maybeWaiting(l.waiter, 64) {
			return false
		}
	}
	return true
}

// waitForNext is members.Wait.
func waitForNext(ctx context.Context, set members.Set, change <-chan struct{}) error {
	w := here()
	if w == nil {
		select {
		case <-change:
		case <-ctx.Done():
		}
		return nil
	}
	l := &loop{waiter: w, set: set}
	wt := w.begin(ctx, nil, nil, forAny)
	w.mu.Lock()
	wt.loop = l
	w.mu.Unlock()
	w.waitsFor(&several)
	defer w.waitsFor(nil)
	loops.add(l)
	defer loops.remove(l)
	for n := range l.others() {
		if w.lend(n) {
			defer w.takeBack(ctx)
		}
		break // the others are in the same scope
	}
	defer w.endWait()
	if l.maybeStuck() {
		w.judgeWait()
	}
	for {
		if stuck := w.verdict(); stuck != nil {
			return stuck
		}
		select {
		case <-change:
			return nil
		case <-ctx.Done():
			return nil
		case <-wt.woken:
			if ctx.Err() != nil {
				return nil
			}
		}
	}
}
