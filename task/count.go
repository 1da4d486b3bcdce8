package task

import (
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// counts holds the numbers of tasks by state, which are thus known without
// walking the tree. There are several, and their sums count: a node may be
// counted in one when it enters the tree, and in another when it leaves. Each
// goroutine uses the same as the fifteen that the runtime numbers together with
// it, which often run on one core, so that cores do not wait for one another.
var counts [32]count

type count struct {
	tree    atomic.Int64 // nodes in the tree, and 1<<32 for each that is a task
	waiting atomic.Int64 // tasks
	queued  atomic.Int64 // tasks
	_       [104]byte    // separates it from what other cores write
}

func counter() *count { return &counts[gls.Goroutine()/16%uint64(len(counts))] }

// count records that n entered the tree, or left it.
func (n *node) count(d int64) {
	if n.self != nil {
		d += d << 32
	}
	counter().tree.Add(d)
}

// countWaiting records that a task began to wait, or went on.
func countWaiting(d int64) { counter().waiting.Add(d) }

// countQueued records that a task was queued, or had its turn.
func countQueued(d int64) { counter().queued.Add(d) }

// census returns the number of nodes in the tree, and of tasks by state.
func census() (nodes int, tasks map[State]int) {
	var tree, waiting, queued int64
	for i := range counts {
		c := &counts[i]
		tree += c.tree.Load()
		waiting += c.waiting.Load()
		queued += c.queued.Load()
	}
	// Either half may be negative for a moment, if a node was seen to leave and
	// not to enter.
	inTree := int64(int32(tree))
	live := (tree - inTree) >> 32
	return int(max(inTree, 0)), map[State]int{
		Running: int(max(live-waiting-queued, 0)),
		Waiting: int(max(waiting, 0)),
		Queued:  int(max(queued, 0)),
	}
}
