package taskhttp

import (
	"sync"

	"github.com/heirloom-go/heirloom/task"
)

// recent has the tasks that ended last, in a ring.
type recent struct {
	mu    sync.Mutex
	ring  []task.Finished
	ended uint64 // the next one goes to ring[ended % len(ring)]
	stop  func()
}

// longestError is how much of an error's text is kept: errors can hold stacks,
// and the ring stays in memory.
const longestError = 2000

// watch begins to record n tasks.
func (r *recent) watch(n int) {
	r.stop = func() {}
	if n == 0 {
		return
	}
	r.ring = make([]task.Finished, n)
	r.stop = task.OnFinished(func(f task.Finished) {
		if len(f.Error) > longestError {
			f.Error = f.Error[:longestError] + "…"
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ring[r.ended%uint64(len(r.ring))] = f
		r.ended++
	})
}

// last returns the recorded tasks, the oldest first, and how many ended in all.
func (r *recent) last() ([]task.Finished, uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := uint64(len(r.ring))
	if n == 0 {
		return []task.Finished{}, 0
	}
	kept := min(n, r.ended)
	tasks := make([]task.Finished, 0, kept)
	for i := r.ended - kept; i < r.ended; i++ {
		tasks = append(tasks, r.ring[i%n])
	}
	return tasks, r.ended
}
