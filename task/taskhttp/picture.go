package taskhttp

import (
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// A picture is a snapshot of the tasks, which all requests of one interval share, with
// what is derived from it.
type picture struct {
	tree     task.Tree
	finished []task.Finished // the tasks that ended last, the last one at the end
	ended    uint64
	interval time.Duration
	taken    time.Time

	index sync.Once
	texts []string // of the rows, for searches

	linking sync.Once
	links   links

	mu      sync.Mutex
	answers map[query][]byte // JSON
}

// now holds the latest picture. Requests that come while one is being taken
// wait for it and share it.
type now struct {
	mu     sync.Mutex
	latest *picture
}

// picture returns a picture that is younger than the interval.
func (h *Handler) picture() *picture {
	h.now.mu.Lock()
	defer h.now.mu.Unlock()
	if p := h.now.latest; p != nil && time.Since(p.taken) < h.interval {
		return p
	}
	p := &picture{
		tree:     task.Snapshot(task.TreeVariables(h.variables...), task.TreeMax(h.maxTasks)),
		interval: h.interval,
		answers:  make(map[query][]byte),
	}
	p.taken = p.tree.Time
	p.finished, p.ended = h.recent.last()
	h.now.latest = p
	return p
}

// mostAnswers is how many answers a picture keeps.
const mostAnswers = 32

// json returns the View for q as JSON. Equal queries share the result.
func (h *Handler) json(q query) []byte {
	p := h.picture()
	p.mu.Lock()
	text := p.answers[q]
	p.mu.Unlock()
	if text != nil {
		return text
	}
	v := p.answer(q)
	if q.plots {
		v.Rates, v.Durations = h.rates.look()
	}
	text = encode(v)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.answers) < mostAnswers {
		p.answers[q] = text
	}
	return text
}
