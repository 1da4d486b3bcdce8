package task

import "sync/atomic"

// counts holds the numbers of tasks by state, which are thus known without
// walking the tree. There are several, each for a part of the tasks, so that
// cores that start tasks do not wait for one another.
var counts [32]count

type count struct {
	nodes   atomic.Int64 // in the tree
	tasks   atomic.Int64 // nodes that are not Groups
	waiting atomic.Int64 // tasks
	queued  atomic.Int64 // tasks
	_       [96]byte     // separates it from what other cores write
}

func (n *node) counter() *count { return &counts[n.id%uint64(len(counts))] }

// count records that n entered the tree, or left it.
func (n *node) count(d int64) {
	c := n.counter()
	c.nodes.Add(d)
	if n.self != nil {
		c.tasks.Add(d)
	}
}

// countWaiting records that n, a task, began to wait, or went on.
func (n *node) countWaiting(d int64) { n.counter().waiting.Add(d) }

// countQueued records that n, a task, was queued, or had its turn.
func (n *node) countQueued(d int64) { n.counter().queued.Add(d) }

// census returns the number of nodes in the tree, and of tasks by state.
func census() (nodes int, tasks map[State]int) {
	var live, waiting, queued int64
	for i := range counts {
		c := &counts[i]
		nodes += int(c.nodes.Load())
		live += c.tasks.Load()
		waiting += c.waiting.Load()
		queued += c.queued.Load()
	}
	return max(nodes, 0), map[State]int{
		Running: int(max(live-waiting-queued, 0)),
		Waiting: int(max(waiting, 0)),
		Queued:  int(max(queued, 0)),
	}
}
