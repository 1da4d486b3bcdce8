package taskhttp

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// patience is how long a client may take nothing of what is written to it.
const patience = 10 * time.Second

// follow sends a View now and after each interval, until the client goes away,
// takes nothing for too long, or h is closed.
func (h *Handler) follow(w http.ResponseWriter, r *http.Request) {
	select {
	case h.clients <- struct{}{}:
		defer func() { <-h.clients }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "taskhttp: too many clients follow the tasks already", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // for proxies that would collect the events
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	control := http.NewResponseController(w)
	// The server's own WriteTimeout is for whole responses, and this one has no
	// end. Each write gets a deadline of its own instead.
	send := func() error {
		err := control.SetWriteDeadline(time.Now().Add(patience))
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		// JSON as encoding/json writes it has no line breaks, which would end
		// the data.
		if _, err := fmt.Fprintf(w, "event: tasks\ndata: %s\n\n", h.picture().json); err != nil {
			return err
		}
		return control.Flush()
	}
	tick := time.NewTicker(h.interval)
	defer tick.Stop()
	for send() == nil {
		select {
		case <-r.Context().Done():
			return
		case <-h.closed:
			return
		case <-tick.C: // one at most is kept for a client that is late
		}
	}
}
