package task

import (
	"math"
	"slices"
)

// This file determines what each task of a [Tree] waits for, for people to read.
// Decisions that depend on waits are in deadlock.go and do not use it.

const (
	// most is how many IDs of awaited nodes a Tree has for each row.
	most = 32

	// looks is how many awaited nodes are inspected for a Tree, or most for each of
	// its rows if that is more, and a few more for each row: a wait may be for
	// a million.
	looks = 10_000
)

// A rowWait is what the node of a row waits for.
type rowWait struct {
	on     []*node // the nodes that have not ended
	unseen int     // how many were not inspected
	any    bool    // whether the end of one is enough
	stuck  int     // how many of them are stuck
}

// over reports whether w may end without the end of a node that is stuck.
func (w *rowWait) over() bool { return w.stuck == 0 || w.any && w.stuck < len(w.on)+w.unseen }

// linkWaits records in the rows what they wait for, and which of them wait for
// each other. calls has the calls that each node is in.
func linkWaits(rows []row, calls map[*node][]Info) {
	parts := make(map[*scope][]*node) // the nodes in each scope that waits for its end
	for _, r := range rows {
		if r.node.home.flags()&(isOver|isClosed) == isOver {
			parts[r.node.home] = append(parts[r.node.home], r.node)
		}
	}
	all := make(map[*node]*rowWait)
	left := max(looks, most*len(rows))
	for i := range rows {
		n, info := rows[i].node, &rows[i].info
		if p := n.wantsPlace(); p != nil {
			all[n] = &rowWait{on: []*node{&p.all}}
			if all[&p.all] == nil {
				all[&p.all] = p.look(max(left, few))
				left -= len(all[&p.all].on)
			}
			continue
		}
		if info.State != Waiting {
			continue
		}
		if c := calls[n]; n.waitFor.Load() == &inCall && len(c) > 0 {
			info.WaitsFor = []uint64{c[0].ID}
			continue
		}
		w := n.look(parts, max(left, few))
		left -= len(w.on)
		w.keepLive()
		info.WaitsForMore = w.unseen
		if len(w.on) == 0 {
			continue
		}
		all[n] = w
		for _, o := range w.on[:min(len(w.on), most)] {
			info.WaitsFor = append(info.WaitsFor, o.id)
		}
		info.WaitsForMore += len(w.on) - len(info.WaitsFor)
	}
	onlyStuck(all)
	cycles := cyclesOf(all)
	for i := range rows {
		n, info := rows[i].node, &rows[i].info
		info.Cycle = cycles[n]
		info.Deadlock = info.Cycle != 0
		if w := all[n]; w == nil || !info.Deadlock || w.on[0].asPlaces() == nil {
			continue
		}
		for _, h := range all[all[n].on[0]].on {
			if cycles[h] == info.Cycle {
				if len(info.WaitsFor) < most {
					info.WaitsFor = append(info.WaitsFor, h.id)
				} else {
					info.WaitsForMore++
				}
			}
		}
	}
}

// wantsPlace returns the places that n waits for one of, or nil.
func (n *node) wantsPlace() *places {
	p := n.places()
	if p != nil && n.heldUp() == &turn && !p.holds(n) {
		return p
	}
	return nil
}

// look returns what a task without a place waits for: the first of the tasks that have
// one, of which it inspects at most limit.
func (p *places) look(limit int) *rowWait {
	p.mu.Lock()
	defer p.mu.Unlock()
	some := p.holders[:min(len(p.holders), limit, few)]
	w := &rowWait{any: true, unseen: len(p.holders) - len(some)}
	for _, c := range some {
		w.on = append(w.on, c.n)
	}
	return w
}

// look returns what n waits for, if it waits for nodes. Of a wait for several,
// it inspects at most limit.
func (n *node) look(parts map[*scope][]*node, limit int) *rowWait {
	w := new(rowWait)
	switch what := n.waitFor.Load(); what {
	case &asleep, &inCall, &turn, &promised:
	case nil:
		if s := n.scope(); s != nil {
			w.on = parts[s]
		}
	case &several, &owed:
		var by *Members
		n.mu.Lock()
		if n.waits != nil && n.waits.until.open {
			on := n.waits.on
			w.unseen = max(len(on)-limit, 0)
			w.on, w.any, by = slices.Clone(on[:len(on)-w.unseen]), n.waits.kind&forAny != 0, n.waits.by
		}
		n.mu.Unlock()
		if by != nil {
			w.on, w.unseen = by.look(n, limit)
		}
	default:
		w.on = []*node{what}
	}
	return w
}

// keepLive keeps the nodes that have not ended.
func (w *rowWait) keepLive() {
	w.on = slices.DeleteFunc(w.on, func(o *node) bool { return o == nil })
	live := w.on[:0:0]
	for _, o := range w.on {
		if o.id != 0 && !o.is(isFinal) {
			live = append(live, o)
		}
	}
	if w.any && len(live) < len(w.on) {
		live, w.unseen = nil, 0 // the wait is over
	}
	w.on = live
}

// onlyStuck removes nodes that may go on: those that wait for no stuck node,
// and then those that wait for these.
func onlyStuck(all map[*node]*rowWait) {
	waiters := make(map[*node][]*node)
	for n, w := range all {
		for _, o := range w.on {
			if all[o] != nil {
				w.stuck++
				waiters[o] = append(waiters[o], n)
			}
		}
	}
	var free []*node
	for n, w := range all {
		if w.over() {
			free = append(free, n)
		}
	}
	for len(free) > 0 {
		n := free[len(free)-1]
		free = free[:len(free)-1]
		if all[n] == nil {
			continue
		}
		delete(all, n)
		for _, k := range waiters[n] {
			if w := all[k]; w != nil {
				if w.stuck--; w.over() {
					free = append(free, k)
				}
			}
		}
	}
}

// cyclesOf returns, for each node that waits for itself, directly or not, the
// smallest ID among the nodes in its cycle. It is Tarjan's algorithm.
func cyclesOf(all map[*node]*rowWait) map[*node]uint64 {
	cycles := make(map[*node]uint64)
	order := make(map[*node]int) // in which they were visited, from 1
	low := make(map[*node]int)
	open := make(map[*node]bool)
	var path []*node
	var visit func(n *node)
	visit = func(n *node) {
		order[n] = len(order) + 1
		low[n] = order[n]
		path, open[n] = append(path, n), true
		self := false
		for _, o := range all[n].on {
			switch {
			case all[o] == nil:
			case order[o] == 0:
				visit(o)
				low[n] = min(low[n], low[o])
			case open[o]:
				low[n] = min(low[n], order[o])
				self = self || o == n
			}
		}
		if low[n] != order[n] {
			return
		}
		at := len(path) - 1
		for path[at] != n {
			at--
		}
		ring := path[at:]
		least := uint64(math.MaxUint64)
		for _, o := range ring {
			open[o] = false
			if o.asPlaces() == nil {
				least = min(least, o.id)
			}
		}
		for _, o := range ring {
			if len(ring) > 1 || self {
				cycles[o] = least
			}
		}
		path = path[:at]
	}
	for n := range all {
		if order[n] == 0 {
			visit(n)
		}
	}
	return cycles
}
