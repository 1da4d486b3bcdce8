package task

import (
	"context"
	"runtime/trace"
)

// The values of node.waitFor for waits that are not for a task or a Group.
var (
	asleep   node // Sleep
	several  node // Wait or AsCompleted, of more than one task, or Members
	inCall   node // a call of package gather
	turn     node // a place in a Group with a Limit
	promised node // to be completed by anybody
	owed     node // to be completed by Members
)

// A wait is a wait of a task's own goroutine. A task has only one wait at a
// time, so all its waits use the same memory.
//
// Most waits are for one node. That node's mu is locked in any case to hang the hook
// there, so it guards the terms too, and the task's own mu need not be locked to enter
// such a wait and to leave it.
type wait struct {
	// Of a wait for several nodes; guarded by the waiting task's mu.
	terms
	target

	// Of a wait for one node; guarded by the mu of that node while hook is in its list,
	// and otherwise used by the waiting task alone.
	single terms
	hook   hook // also for a wait for those in a list

	woken chan struct{} // has room for one token
}

// The terms of a wait are what others have to know about it.
type terms struct {
	until  until
	kind   waitKind
	lends  bool      // the task lends its place during the wait
	number uint32    // counts the task's waits of this kind
	stuck  *deadlock // the deadlock that the wait was found to be part of, or nil
}

// forget forgets what the wait depended on. It may be long until the next wait.
func (t *terms) forget() { t.until, t.stuck = until{}, nil }

// A target is what a wait is for: the nodes in on, or the tasks in a list.
type target struct {
	on   []*node         // an element is nil once AsCompleted or Wait has taken that node
	by   *Members        // the list, or nil
	done <-chan struct{} // closed when a wait for the tasks in by is over
}

// A waitKind says when a wait is over.
type waitKind uint8

const (
	forAny  waitKind = 1 << iota // when one node has ended
	forGood                      // nothing else can end it: the wait cannot return an error

	forAll waitKind = 0 // when all nodes have ended
)

// wait returns the wait of w, whose goroutine is the running one.
func (w *node) wait() *wait {
	if w.waits == nil { // which only this goroutine writes
		wt := &wait{woken: make(chan struct{}, 1)}
		wt.hook.waiter, wt.hook.wait = w, wt
		w.mu.Lock()
		w.waits = wt
		w.mu.Unlock()
	}
	return w.waits
}

// begin makes w begin a wait for others and returns it. The wait lasts until ctx is
// done. If lends is set, the caller lends w's place next.
func (w *node) begin(ctx context.Context, others target, how waitKind, lends bool) *wait {
	until := w.until(ctx) // it may be the user's
	wt := w.wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	wt.target = others
	wt.terms = terms{until: until, kind: how, lends: lends, number: wt.number + 1}
	wt.drain()
	return wt
}

// endWait records that w's wait for several is over, whatever w does next: w may not go on
// at once.
func (w *node) endWait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits.forget()
	w.waits.target = target{}
}

// deadlock returns the deadlock of which w's wait for several was found to be part, or nil.
func (w *node) deadlock() *deadlock {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waits.stuck
}

// deadlockFor is deadlock for w's wait for n.
func (w *node) deadlockFor(n *node) *deadlock {
	n.mu.Lock()
	defer n.mu.Unlock()
	return w.waits.single.stuck
}

// drain removes a token that is left from an earlier wait.
func (w *wait) drain() {
	select {
	case <-w.woken:
	default:
	}
}

// rouse wakes the goroutine that waits with w, so that it checks its wait.
func (w *wait) rouse() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// sleep waits until w is roused or done, which may be nil, is closed.
func (w *wait) sleep(done <-chan struct{}) {
	if done == nil {
		<-w.woken // which is cheaper than a select
		return
	}
	select {
	case <-w.woken:
	case <-done:
	}
}

// waitsFor records what n, which may be nil, waits for, for [Snapshot] and [Info].
// Only the task's own goroutine calls it.
func (n *node) waitsFor(what *node) {
	if n == nil || n.id == 0 {
		return // or a job, which is in no tree
	}
	before := n.waitFor.Load()
	n.waitFor.Store(what)
	switch {
	case before == nil && what != nil:
		countWaiting(1)
	case before != nil && what == nil:
		countWaiting(-1)
	}
}

var closedChan = make(chan struct{})

func init() { close(closedChan) }

// ended returns a channel that is closed when n is final.
func (n *node) ended() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.beside()
	if b.done == nil {
		if n.is(isFinal) || n.id == 0 {
			b.done = closedChan
		} else {
			b.done = make(chan struct{})
		}
	}
	return b.done
}

// await waits until n is final or ctx is done. It returns an error only in the
// latter case, or if it would wait for ever.
func (n *node) await(ctx context.Context) error {
	if trace.IsEnabled() {
		defer trace.StartRegion(ctx, "task.Await").End()
	}
	w := waiting()
	if w == nil {
		return n.awaitElsewhere(ctx)
	}
	if w.asJob() != nil { // others need no deferred call, which takes time
		defer w.waited()
	}
	return w.awaitHere(ctx, n, forAll)
}

// awaitedUntil returns the error of a wait for n with ctx, which is done. It is nil
// if n has ended as well, even if only while ctx was asked.
func (n *node) awaitedUntil(ctx context.Context) error {
	if n.is(isFinal) {
		return nil
	}
	if why := interruptedBy(ctx); !n.is(isFinal) {
		return &Error{Op: "await", Task: n.name(), Err: why}
	}
	return nil
}

// awaitHere is await on the goroutine of w, a task. It calls the user's code, which
// is methods of ctx, only before the wait is entered and when it is over.
func (w *node) awaitHere(ctx context.Context, n *node, how waitKind) error {
	until := w.until(ctx) // it may be the user's
	lends := w.lends(n)
	wt := w.wait()
	wt.single = terms{until: until, kind: how, lends: lends, number: wt.single.number + 1}
	wt.hook.fired.Store(false)
	wt.drain()
	if !n.hang(&wt.hook) {
		wt.single.forget()
		return nil
	}
	w.waitsFor(n)
	if lends {
		w.lend()
	}
	var stuck *deadlock
	// A wait whose ctx has ended is over, and a task that waits for itself is wrong even so.
	if (w == n || !until.over()) && w.maybeStuck(n) {
		w.judgeWaitFor(n)
		stuck = w.deadlockFor(n)
	}
	ended, stuck := w.sleepFor(n, &until, stuck)
	wt.single.forget()
	if lends {
		if how&forGood != 0 { // a cancellation does not end that, but w need not wait for the place
			until.own = w.hand()
		}
		w.takeBack(&until)
	}
	if ended && !lends {
		// n's goroutine has counted that w goes on; see called.
		w.waitFor.Clear()
		return nil
	}
	w.waitsFor(nil)
	switch {
	case ended:
		return nil
	case stuck != nil:
		return &Error{Op: "await", Task: n.name(), Err: stuck}
	}
	return n.awaitedUntil(ctx)
}

// sleepFor waits until n, on which w's hook hangs, has ended. If the wait is over before
// that, or is part of a deadlock, sleepFor removes the hook and reports false.
func (w *node) sleepFor(n *node, u *until, stuck *deadlock) (ended bool, _ *deadlock) {
	wt := w.waits
	done := w.doneOf(u)
	for stuck == nil && !u.over() {
		wt.sleep(done)
		if wt.hook.fired.Load() {
			return true, nil
		}
		if stuck = w.deadlockFor(n); stuck == nil && !u.over() && w.maybeStuck(n) {
			w.judgeWaitFor(n) // again: a limit may have been removed
			stuck = w.deadlockFor(n)
		}
	}
	if n.unhang(&wt.hook) {
		return false, stuck
	}
	// n has ended as well. Its goroutine has taken the hook, and fires it at once.
	for !wt.hook.fired.Load() {
		wt.sleep(nil)
	}
	return true, nil
}
