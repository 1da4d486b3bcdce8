package task

import (
	"context"
	"fmt"
	"slices"
)

// A watcher waits for the ends of several tasks.
type watcher struct {
	nodes []*node
	left  []*node // the same, and nil for each that next has returned; guarded by here's mu
	hooks []hook
	ended chan int // has room for all indexes, so that a send never blocks
	here  *node    // the task, or job, that waits, or nil
	kind  waitKind
}

func watch[H Handle](tasks []H, kind waitKind) *watcher {
	w := &watcher{
		nodes: make([]*node, len(tasks)),
		left:  make([]*node, len(tasks)),
		hooks: make([]hook, len(tasks)),
		ended: make(chan int, len(tasks)),
		here:  waiting(),
		kind:  kind,
	}
	for i, t := range tasks {
		w.nodes[i] = t.untyped()
		w.hooks[i] = hook{ended: w.ended, index: i, waiter: w.here}
		if !w.nodes[i].hang(&w.hooks[i]) {
			w.ended <- i
		}
	}
	copy(w.left, w.nodes)
	w.here.idles(true)
	return w
}

// next waits for the next task to end and returns its index. It returns an
// error if ctx ends first, or if none will end. If a task has ended as well, it
// returns that task.
func (w *watcher) next(ctx context.Context) (int, error) {
	select {
	case i := <-w.ended:
		return w.take(i), nil
	default:
	}
	var stuck *deadlock
	if w.here == nil {
		select {
		case i := <-w.ended:
			return i, nil
		case <-ctx.Done():
		}
	} else {
		i := 0
		if i, stuck = w.nextHere(ctx); i >= 0 {
			return w.take(i), nil
		}
	}
	why := error(stuck)
	if stuck == nil {
		why = interruptedBy(ctx)
	}
	select {
	case i := <-w.ended:
		return w.take(i), nil
	default:
		return 0, &Error{Op: "await", Task: w.pending(), Err: why}
	}
}

// take records that next returns i, so that later waits are not for it.
func (w *watcher) take(i int) int {
	if w.here != nil {
		w.here.mu.Lock()
		w.left[i] = nil
		w.here.mu.Unlock()
	}
	return i
}

// nextHere is next on the goroutine of a task. The index is negative if ctx has
// ended or the wait is part of a deadlock.
func (w *watcher) nextHere(ctx context.Context) (int, *deadlock) {
	n := w.here
	n.idles(false)
	defer n.idles(true)
	what := &several
	if len(w.nodes) == 1 {
		what = w.nodes[0]
	}
	wt := n.begin(ctx, target{on: w.left}, w.kind, slices.ContainsFunc(w.nodes, n.lends))
	until := wt.until // which n alone writes
	n.waitsFor(what)
	defer n.waitsFor(nil)
	if wt.lends {
		n.lend()
		defer n.takeBack(&until)
	}
	defer n.endWait()
	done := n.doneOf(&until)
	for {
		if !until.over() && n.maybeStuckOn(w.left, w.kind) {
			n.judgeWait() // also when roused: a limit may have been removed
		}
		if stuck := n.deadlock(); stuck != nil || until.over() {
			return -1, stuck
		}
		select {
		case i := <-w.ended:
			return i, nil
		case <-done:
			return -1, nil
		case <-wt.woken:
		}
	}
}

// pending returns the names of the tasks that have not ended.
func (w *watcher) pending() string {
	name, n := "", 0
	for _, node := range w.nodes {
		if !node.is(isFinal) {
			name = node.name()
			n++
		}
	}
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%d tasks", n)
}

func (w *watcher) stop() {
	w.here.waited()
	for i, n := range w.nodes {
		n.unhang(&w.hooks[i])
	}
}
