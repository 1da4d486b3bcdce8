package task

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Members is a list of live tasks. It is for waits that one of the tasks is
// expected to end: [Members.Until] waits for a channel that a task of the list will
// close, and [CompletedBy] is for a [Promise] that a task of the list will
// complete. Because the list is known, such a wait is treated as a wait for the
// first of these tasks: the tree shows it, it fails with [ErrDeadlock] if it could
// never end, and it lends the place of the waiting task. A task is in the list if
// it was started with the option [MemberOf], from before its function runs until
// it has ended.
//
// A Members is only a list: it does not start, cancel or await tasks. The sets of
// tasks of package scope are made from it.
//
// The zero value is an empty list. All methods may be called by any number of
// goroutines at the same time. A Members must not be copied.
type Members struct {
	// OnEnd, if it is not nil, is called with each task that was in the list, once
	// it has ended, and with each that was started with [MemberOf] and not run, as a
	// callback of [Task.OnDone] is, before any other of the task. It must not be
	// changed once the list is in use.
	OnEnd func(t Handle)

	mu          sync.Mutex
	first, last *member // the oldest and the newest
	len         int
	leaving     int   // tasks that have ended and still call their callbacks
	hooks       *hook // of the tasks that wait for a task of the list
}

// MemberOf puts a task in m until it has ended. A task may be in several lists. The
// option means nothing to a [Group].
//
// MemberOf panics with a [*ctxvar.UsageError] if m is nil.
func MemberOf(m *Members) Option {
	if m == nil {
		panic(&ctxvar.UsageError{Func: "task.MemberOf", Problem: "nil Members; pass the address of one"})
	}
	return optionFunc(func(o *options) {
		for x := o.members; x != nil; x = x.also {
			if x.list == m {
				return
			}
		}
		o.members = &member{list: m, also: o.members}
	})
}

// CompletedBy states that only the tasks in m will complete a [Promise]. A wait for
// the Promise is then a wait for the first of these tasks: if all of them wait for
// the waiting task, directly or through other tasks, one of the waits fails with
// [ErrDeadlock]. The Promise itself does not fail, and can still be completed, unless
// no other wait among these can return an error, as where one of the tasks waits for
// the end of a [Group] with the Promise in it. Tasks that may yet be added to m are
// not considered. While m is empty, no deadlock is
// found. The option means nothing to other tasks.
func CompletedBy(m *Members) Option { return optionFunc(func(o *options) { o.completers = m }) }

// Until waits until done is closed, and returns nil then. The caller states that a
// task in m, or a callback of one, will close done. If ctx ends first, Until returns
// an [*Error] that has ctx's error and cause.
//
// If a task calls Until in its own function, or in a job of package gather, that is a
// wait for the first of the tasks in m, as with [Wait], leaving out the task itself: it
// is not to close done, in another job either. If all of the others wait for the calling
// task, directly or through other tasks, one of the waits fails with
// [ErrDeadlock], in an [*Error]. Tasks that may yet be added to m are not considered.
// While m is empty, no deadlock is found. If the oldest task in m belongs to the
// same Group with a [Limit], the calling task lends its place.
//
// The time that Until takes does not depend on the length of m, unless all tasks
// in m wait for others.
func (m *Members) Until(ctx context.Context, done <-chan struct{}) error {
	checkCtx(ctx)
	stuck := m.until(ctx, done, &several, forAny)
	select {
	case <-done:
		return nil
	default:
	}
	tasks := "1 task"
	if n := m.Len(); n != 1 {
		tasks = fmt.Sprintf("%d tasks", n)
	}
	if stuck != nil {
		return &Error{Op: "await", Task: tasks, Err: stuck}
	}
	return &Error{Op: "await", Task: tasks, Err: interruptedBy(ctx)}
}

// until waits until done is closed, ctx ends, or the wait is found to be part of a
// deadlock, which it returns. m is nil if it is not known who will close done.
func (m *Members) until(ctx context.Context, done <-chan struct{}, what *node, how waitKind) *deadlock {
	w := waiting()
	if w == nil {
		select {
		case <-done:
		case <-ctx.Done():
		}
		return nil
	}
	defer w.waited()
	lends := false
	if m != nil {
		n := m.oldest()
		lends = n != nil && w.lends(n)
	}
	wt := w.begin(ctx, target{by: m, done: done}, how, lends)
	until := wt.until // which w alone writes
	w.waitsFor(what)
	defer w.waitsFor(nil)
	if m != nil {
		m.hang(&wt.hook)
		defer m.unhang(&wt.hook)
	}
	if lends {
		w.lend()
		defer w.takeBack(&until)
	}
	defer w.endWait()
	ended := w.doneOf(&until)
	for {
		if m != nil && !until.over() && w.maybeStuckBy(m) {
			w.judgeWait() // also when roused: the last task that was not stuck may have ended
		}
		if stuck := w.deadlock(); stuck != nil || until.over() {
			return stuck
		}
		select {
		case <-done:
			return nil
		case <-ended:
			return nil
		case <-wt.woken:
		}
	}
}

// Has reports whether t is in m. A task that has ended is not.
func (m *Members) Has(t Handle) bool {
	return t.untyped().isOneOf(m)
}

// isOneOf reports whether n is in m, which may be nil.
func (n *node) isOneOf(m *Members) bool {
	for x := n.memberships(); m != nil && x != nil; x = x.also {
		if x.of.Load() == m {
			return true
		}
	}
	return false
}

// Len returns the number of tasks in m.
func (m *Members) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.len
}

// Tasks iterates over the tasks that are in m when the loop begins, the oldest first,
// and leaves out those that end before the loop reaches them. m is not locked while
// the body of the loop runs. Leaving the loop early makes it cost less.
func (m *Members) Tasks() iter.Seq[Handle] {
	return func(yield func(Handle) bool) {
		for n := range m.nodes() {
			if !yield(n.handle()) {
				return
			}
		}
	}
}

// look returns the tasks that w waits for, if it waits for those in m: at most limit
// of them, and how many it left out.
func (m *Members) look(w *node, limit int) (nodes []*node, unseen int) {
	for n := range m.nodes() {
		if len(nodes) == limit {
			break
		}
		if n != w {
			nodes = append(nodes, n)
		}
	}
	others := m.Len()
	if w.isOneOf(m) {
		others--
	}
	return nodes, max(others-len(nodes), 0)
}
