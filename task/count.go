package task

import (
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// counts holds the numbers of tasks by state, which are thus known without walking the
// tree. There are several, and their sums count: a node may be counted in one when it
// enters the tree, and in another when it leaves. Each processor writes to one, so that
// processors do not wait for one another's memory.
var counts [32]count

type count struct {
	tasks  atomic.Int64 // in the tree, and 1<<32 for each that waits
	groups atomic.Int64 // in the tree
	queued atomic.Int64 // tasks
	_      [104]byte    // separates it from what other cores write
}

func counter() *count { return &counts[shard()] }

// shard returns the number of what is to be used on this processor, of several of a kind.
func shard() uint { return gls.Processor() % uint(len(counts)) }

// count records that n entered the tree, or left it.
func (n *node) count(d int64) {
	if c := counter(); n.self != nil {
		c.tasks.Add(d)
	} else {
		c.groups.Add(d)
	}
}

// countEnd records that a task left the tree, and that others, so many, which waited for
// its end, go on.
func countEnd(woken int64) { counter().tasks.Add(-1 - woken<<32) }

// countWaiting records that so many tasks began to wait, or went on.
func countWaiting(d int64) { counter().tasks.Add(d << 32) }

// countQueued records that a task was queued, or had its turn.
func countQueued(d int64) { counter().queued.Add(d) }

// census returns the number of nodes in the tree, and of tasks by state.
func census() (nodes int, tasks map[State]int) {
	var sum, groups, queued int64
	for i := range counts {
		c := &counts[i]
		sum += c.tasks.Load()
		groups += c.groups.Load()
		queued += c.queued.Load()
	}
	// Any of them may be negative for a moment, if a task was seen to leave and not to
	// enter.
	live := int64(int32(sum))
	waiting := (sum - live) >> 32
	return int(max(live+groups, 0)), map[State]int{
		Running: int(max(live-waiting-queued, 0)),
		Waiting: int(max(waiting, 0)),
		Queued:  int(max(queued, 0)),
	}
}
