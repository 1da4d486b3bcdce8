package task

// A walk goes through the tree and visits every live node, each after the one
// it is in, and those in the same list in the order in which they came there. It
// does not keep the tree from changing: it takes a few nodes at a time from a
// list of children, and inspects them after unlocking the list.
//
// A node that lives throughout the walk is visited exactly once. A list is in
// the order in which the children came, so those of the taken nodes that are
// still there show how far the walk has got; nodes that move up, because their
// parent ended, come after them. A list is finished only when nothing is left
// in it after everything below it has been visited.
type walk struct {
	newest uint64          // what was started later need not be seen
	seen   map[uint64]bool // by ID, for what moves up
	most   int             // the most nodes inspected while a lock was held
	see    func(n *node, parent uint64, depth int) bool
}

// few is how many nodes of a list are inspected while it is locked.
const few = 256

func newWalk() *walk { return &walk{newest: lastID.Load(), seen: make(map[uint64]bool)} }

// look calls see for every live node, with the ID of the node it is in and its
// depth, until see returns false.
func (w *walk) look(see func(n *node, parent uint64, depth int) bool) {
	w.see = see
	for i := range roots {
		if !w.below(&roots[i], 0, 0) {
			return
		}
	}
}

// below visits the nodes below p, at the given depth. p has the given ID, or is a
// fork of what has it. below reports false if the walk is to stop.
func (w *walk) below(p *node, id uint64, depth int) bool {
	var taken []*node // of p's list, the oldest first
	for {
		from := len(taken)
		taken = w.take(p, taken)
		if len(taken) == from {
			return true
		}
		for _, c := range taken[from:] {
			if c.is(isFork) {
				if !w.below(c, id, depth) {
					return false
				}
				continue
			}
			if c.id > w.newest || w.seen[c.id] || c.is(isGone) {
				continue
			}
			w.seen[c.id] = true
			if !w.see(c, id, depth) || !w.below(c, c.id, depth+1) {
				return false
			}
		}
	}
}

// take adds the next few of p's children to those taken before.
func (w *walk) take(p *node, taken []*node) []*node {
	// The walk continues after the youngest of the taken nodes that is still
	// there. That one is searched for in steps too; nodes that have gone do not
	// come back.
	for i := len(taken); ; {
		p.mu.Lock()
		looked := 0
		var next *node
		for ; i > 0 && next == nil && looked < few; looked++ {
			i--
			if c := taken[i]; c.parent.Load() == p {
				next = c.prev
				if next == nil { // c is the youngest of all
					w.held(looked + 1)
					p.mu.Unlock()
					return taken
				}
			}
		}
		if next == nil && i > 0 {
			w.held(looked)
			p.mu.Unlock()
			continue
		}
		if next == nil {
			next = p.last // none is left of those taken
		}
		for n := 0; next != nil && n < few; n++ {
			taken = append(taken, next)
			next = next.prev
			looked++
		}
		w.held(looked)
		p.mu.Unlock()
		return taken
	}
}

func (w *walk) held(nodes int) { w.most = max(w.most, nodes) }
