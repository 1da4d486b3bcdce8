package taskhttp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// patience is how long a client may read nothing of what is written to it.
const patience = 10 * time.Second

// followers are the clients that follow the events. No single machine may hold
// all the places.
type followers struct {
	max int

	mu   sync.Mutex
	list []*follower // the oldest first
}

type follower struct {
	machine string
	evicted chan struct{}
}

// enter returns a follower with a place, or nil if there is none for it. If all
// places are taken, the oldest follower of the machine that has the most
// leaves, unless the new one's machine has about as many.
func (f *followers) enter(remoteAddr string) *follower {
	newcomer := &follower{machineOf(remoteAddr), make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) >= f.max {
		count := make(map[string]int)
		most := newcomer.machine
		for _, o := range f.list {
			if count[o.machine]++; count[o.machine] > count[most] {
				most = o.machine
			}
		}
		if count[most] < count[newcomer.machine]+2 {
			return nil
		}
		i := slices.IndexFunc(f.list, func(o *follower) bool { return o.machine == most })
		close(f.list[i].evicted)
		f.list = slices.Delete(f.list, i, i+1)
	}
	f.list = append(f.list, newcomer)
	return newcomer
}

// leave gives the place of o back, if o still has one.
func (f *followers) leave(o *follower) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(x *follower) bool { return x == o })
}

// machineOf returns an identity of the machine at an address. With IPv6, a machine is
// assumed to have all addresses of its network.
func machineOf(remoteAddr string) string {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		return remoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Unmap().Is4() {
		return host
	}
	network, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return network.String()
}

// follow sends a View now and after each interval, until the client goes away,
// reads nothing for too long or has to make room, or until h is closed.
func (h *Handler) follow(w http.ResponseWriter, r *http.Request, q query) {
	me := h.followers.enter(r.RemoteAddr)
	if me == nil {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "taskhttp: too many clients follow the tasks already", http.StatusServiceUnavailable)
		return
	}
	defer h.followers.leave(me)
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
		if _, err := fmt.Fprintf(w, "event: tasks\ndata: %s\n\n", h.json(q)); err != nil {
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
		case <-me.evicted:
			return
		case <-h.closed:
			return
		case <-tick.C: // at most one tick is kept for a client that is late
		}
	}
}
