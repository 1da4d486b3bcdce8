package task

import (
	"context"
	"runtime"
	"runtime/trace"
	"time"
)

// What node.waitFor points to if it is neither a task nor a Group.
var (
	asleep  node // Sleep
	several node // Wait or AsCompleted, of more than one task
)

// waitsFor notes for people to see what n, which may be nil, waits for. Only
// the task's own goroutine does.
func (n *node) waitsFor(what *node) {
	if n != nil {
		n.waitFor.Store(what)
	}
}

// A hook is one who is to be told of the end of a task.
type hook struct {
	next  *hook
	call  func()     // called after the end, or nil
	ended chan<- int // else, gets index; must have room
	index int
}

// hang adds h to those who are told of the end of n. It reports false if n has
// ended.
func (n *node) hang(h *hook) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.is(isFinal) {
		return false
	}
	h.next, n.hooks = n.hooks, h
	return true
}

// unhang takes h back, and reports whether it was still there.
func (n *node) unhang(h *hook) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p := &n.hooks; *p != nil; p = &(*p).next {
		if *p == h {
			*p = h.next
			return true
		}
	}
	return false
}

var closedChan = make(chan struct{})

func init() { close(closedChan) }

// ended returns a channel that is closed when n is final.
func (n *node) ended() <-chan struct{} {
	n.mu.Lock()
	if n.done == nil {
		if n.is(isFinal) {
			n.done = closedChan
		} else {
			n.done = make(chan struct{})
		}
	}
	done := n.done
	n.mu.Unlock()
	return done
}

// wait waits until n is final or ctx is done, and returns an error only in the
// latter case.
func (n *node) wait(ctx context.Context) error {
	if waiter := here(); waiter != nil {
		if waiter == n {
			return &Error{Op: "await", Task: n.name(), Err: ErrDeadlock}
		}
		waiter.waitsFor(n)
		defer waiter.waitsFor(nil)
	}
	if trace.IsEnabled() {
		defer trace.StartRegion(ctx, "task.Await").End()
	}
	ended := n.ended()
	if done := ctx.Done(); done != nil {
		select {
		case <-ended:
		case <-done:
			if !n.is(isFinal) {
				return &Error{Op: "await", Task: n.name(), Err: interruptedBy(ctx)}
			}
		}
		return nil
	}
	<-ended
	return nil
}

// Sleep waits for d, or until ctx is done, whose error it then returns. If d is
// zero or negative, it lets other goroutines run and returns. It mirrors
// asyncio.sleep.
func Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d <= 0 {
		runtime.Gosched()
		return ctx.Err()
	}
	done := ctx.Done()
	if n := here(); n != nil {
		if n.is(hasStd) {
			n.later.until.Store(int64(time.Since(epoch) + d))
		}
		n.waitsFor(&asleep)
		defer n.waitsFor(nil)
	}
	if trace.IsEnabled() {
		defer trace.StartRegion(ctx, "task.Sleep").End()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-done:
		return ctx.Err()
	}
}
