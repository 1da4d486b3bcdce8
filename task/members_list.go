package task

import (
	"iter"
	"sync/atomic"
)

// A member is the entry of a task in a list. Without a task it is a mark: the
// position of a loop over the list.
type member struct {
	n    *node
	also *member  // the same task in another list
	list *Members // used by the task's own goroutine only; nil once the task is out of the tree

	of         atomic.Pointer[Members] // list, while the entry is in it; stored with list's mu locked
	prev, next *member                 // the older and the newer entry; guarded by list's mu
}

// handful is how many entries of a list are looked at while it is locked.
const handful = 16

// nodes does what Tasks does.
func (m *Members) nodes() iter.Seq[*node] {
	return func(yield func(*node) bool) {
		newest := lastID.Load()
		oldest := m.oldest()
		if oldest == nil || !yield(oldest) { // which is often enough, and needs no mark
			return
		}
		mark := new(member)
		m.mark(mark)
		defer m.unmark(mark)
		var room [handful]*node
		for more := true; more; {
			var some []*node
			some, more = m.take(mark, room[:0])
			for _, n := range some {
				if n != oldest && n.id <= newest && !yield(n) {
					return
				}
			}
		}
	}
}

// take moves mark over as many entries as nodes has room for, and appends their
// nodes. It reports whether there may be more.
func (m *Members) take(mark *member, nodes []*node) (some []*node, more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range cap(nodes) {
		x := mark.next
		if x == nil {
			return nodes, false
		}
		m.unlink(mark)
		m.link(mark, x)
		if x.n != nil {
			nodes = append(nodes, x.n)
		}
	}
	return nodes, true
}

// oldest returns the oldest task in m, or nil if m is empty.
func (m *Members) oldest() *node {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.oldestLocked()
}

func (m *Members) oldestLocked() *node {
	x := m.first
	for x != nil && x.n == nil {
		x = x.next
	}
	if x == nil {
		return nil
	}
	return x.n
}

// someLeave reports whether a task of m has ended and still calls its callbacks,
// which may close a channel or complete a Promise.
func (m *Members) someLeave() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leaving > 0
}

// waiters returns the tasks that wait for a task in m.
func (m *Members) waiters() (tasks []*node) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for h := m.hooks; h != nil; h = h.next {
		tasks = append(tasks, h.waiter)
	}
	return tasks
}

func (m *Members) hang(h *hook) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h.next, m.hooks = m.hooks, h
}

func (m *Members) unhang(h *hook) {
	m.mu.Lock()
	defer m.mu.Unlock()
	unhook(&m.hooks, h)
}

func (m *Members) mark(x *member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.link(x, nil)
}

func (m *Members) unmark(x *member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unlink(x)
}

// link puts x behind another entry or, if that is nil, in front; m.mu is locked.
func (m *Members) link(x, behind *member) {
	x.prev = behind
	if behind == nil {
		x.next, m.first = m.first, x
	} else {
		x.next, behind.next = behind.next, x
	}
	if x.next == nil {
		m.last = x
	} else {
		x.next.prev = x
	}
}

// unlink takes x out; m.mu is locked.
func (m *Members) unlink(x *member) {
	if x.prev == nil {
		m.first = x.next
	} else {
		x.prev.next = x.next
	}
	if x.next == nil {
		m.last = x.prev
	} else {
		x.next.prev = x.prev
	}
	x.prev, x.next = nil, nil
}

// memberships returns the entries of n in lists, or nil.
func (n *node) memberships() *member {
	if n.more == nil {
		return nil
	}
	return n.more.members
}

// hangOnEnd makes the OnEnd functions of n's lists callbacks of n, which is not started.
func (n *node) hangOnEnd() {
	for x := n.memberships(); x != nil; x = x.also {
		if f := x.list.OnEnd; f != nil {
			n.hang(&hook{call: func() { n.variables().Copy().Run(func() { f(n.handle()) }) }})
		}
	}
}

// joinLists puts n, which is in the tree and not yet started, in its lists.
func (n *node) joinLists() {
	for x := n.memberships(); x != nil; x = x.also {
		m := x.list
		x.n = n
		m.add(x)
	}
}

// add puts x in m, as the newest entry.
func (m *Members) add(x *member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.link(x, m.last)
	m.len++
	x.of.Store(m)
}

// remove takes x out of m.
func (m *Members) remove(x *member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removeLocked(x)
}

func (m *Members) removeLocked(x *member) {
	m.unlink(x)
	m.len--
	x.of.Store(nil)
}

// leaveLists takes n, which has ended, out of its lists; n.mu is locked.
func (n *node) leaveLists() {
	for x := n.memberships(); x != nil; x = x.also {
		m := x.list
		m.mu.Lock()
		m.removeLocked(x)
		m.leaving++
		m.mu.Unlock()
	}
}

// leftLists notes that n, which leaveLists took out, has called its callbacks; n.mu is locked.
func (n *node) leftLists() {
	for x := n.memberships(); x != nil; x = x.also {
		m := x.list
		x.list = nil // so that a kept handle does not keep the list
		m.mu.Lock()
		m.leaving--
		if o := m.oldestLocked(); o != nil && o.heldUp() != nil {
			for h := m.hooks; h != nil; h = h.next {
				h.wait.rouse() // it may be stuck now: n may have been the last task that was not
			}
		}
		m.mu.Unlock()
	}
}
