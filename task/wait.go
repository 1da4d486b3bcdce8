package task

import (
	"context"
	"runtime"
	"runtime/trace"
	"sync/atomic"
	"time"
)

// waiting is what a task waits for, as far as this package knows. It is for
// people to see: with several goroutines in a task, the last one to wait counts.
type waiting struct {
	on   atomic.Pointer[node] // a task or a Group
	what atomic.Int64         // else, one of the values below or, if larger, a time to sleep until
}

const (
	nothing int64 = iota
	severalTasks
)

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
	defer n.mu.Unlock()
	if n.is(isFinal) {
		return closedChan
	}
	if n.done == nil {
		n.done = make(chan struct{})
	}
	return n.done
}

// wait waits until n is final or ctx is done, and returns an error only in the
// latter case.
func (n *node) wait(ctx context.Context) error {
	waiter := nodeOf(ctx).task()
	if waiter == n {
		return &Error{Op: "await", Task: n.name(), Err: ErrDeadlock}
	}
	if waiter != nil {
		waiter.waitFor.on.Store(n)
		defer waiter.waitFor.on.Store(nil)
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
				return &Error{Op: "await", Task: n.name(), Err: cutBy(ctx)}
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
	if n := nodeOf(ctx).task(); n != nil {
		n.waitFor.what.Store(int64(time.Since(epoch) + d))
		defer n.waitFor.what.Store(nothing)
	}
	if trace.IsEnabled() {
		defer trace.StartRegion(ctx, "task.Sleep").End()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
