package task

// Goroutines that start tasks in the same node at the same time take turns at the mu
// that guards the list of its children. If that happens often, the node gets forks:
// children of its own, each with a list for what is started on some of the processors. A
// fork is a node that is neither a task nor a Group, and has neither a ctx nor a number.
// People see the children of a fork as children of the node itself.
//
// A cancellation visits forks as it visits all children, so it finds what was put into
// one before. Nothing is put in the fork of a node that isCanceled or isFinal: that shows
// before anybody can see that the node's ctx has ended, and the forks are visited later.
// What is started then waits for the mu of the node, and with it for the visit.
//
// Nor is anything put in a fork that isFinal itself. It becomes so with its node's mu
// locked, when a scope has nothing left to do but to wait for its children, and when
// another node ends. From then on children go to the node itself, and a fork leaves the
// tree when it is empty: it is dropped by what makes it final if it is empty already, and
// otherwise by the one goroutine that, with its mu locked, takes out the last child. Forks
// do not move. With a node that leaves the tree, what is in its forks moves up as its
// other children do, and the forks are dropped.

// forks are those of one node.
type forks [8]node

// crowd is how often goroutines have to wait for a node before it gets forks.
const crowd = 16

// lockList locks and returns the node in whose list a new child of n goes: n or one of
// its forks. The caller has tried to lock n if that is not forked.
func (n *node) lockList() *node {
	if n.is(isForked) {
		f := &n.aside.forks[shard()%uint(len(forks{}))]
		f.mu.Lock()
		if !f.is(isFinal) && !n.is(isFinal|isCanceled) {
			return f
		}
		f.mu.Unlock()
	}
	n.mu.Lock()
	if n.crowded < crowd {
		if n.crowded++; n.crowded == crowd && n.takesForks() {
			n.fork()
		}
	}
	return n
}

// takesForks reports whether n, whose mu is locked, may have forks. There are several roots
// in any case.
func (n *node) takesForks() bool {
	return n.id != 0 && !n.is(isFinal|isCanceled) && n.scope().flags()&isOver == 0
}

// fork gives n, whose mu is locked, its forks.
func (n *node) fork() {
	all := new(forks)
	for i := range all {
		f := &all[i]
		f.attached = true
		f.line = n.lifeline()
		f.raise(isFork)
		f.parent.Init(n)
		n.push(f)
	}
	n.beside().forks = all
	n.raise(isForked) // now others may read them
}

// unfork makes the forks of n, whose mu is locked, final.
func (n *node) unfork() {
	if !n.is(isForked) {
		return
	}
	n.status.Store(n.status.Load() &^ isForked)
	for i := range n.aside.forks {
		f := &n.aside.forks[i]
		f.mu.Lock()
		f.raise(isFinal)
		if f.first == nil {
			n.drop(f)
			f.parent.Store(nil)
		}
		f.mu.Unlock()
	}
}

// isSpent reports whether n, whose mu is locked, is a fork that has nothing in it and will
// have nothing.
func (n *node) isSpent() bool { return n.first == nil && n.is(isFinal) && n.is(isFork) }

// in returns the node that n is in, which is no fork, or nil.
func (n *node) in() *node {
	for {
		p := n.parent.Load()
		if p == nil || !p.is(isFork) {
			return p
		}
		if q := p.parent.Load(); q != nil {
			return q
		}
		// p has left the tree meanwhile, so n is in it no longer.
	}
}
