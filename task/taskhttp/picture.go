package taskhttp

import (
	"sync"
	"time"
)

// A picture is a View, and its JSON form.
type picture struct {
	view  View
	json  []byte
	taken time.Time
}

// now is the latest picture. Those who ask while one is being taken wait for it
// and share it.
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
	h.now.latest = h.view()
	return h.now.latest
}
