package taskhttp

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// A Handler is an [http.Handler] that shows the live tasks. It is safe for
// concurrent use.
type Handler struct {
	variables []ctxvar.Variable
	interval  time.Duration
	maxTasks  int
	history   int
	hosts     map[string]bool // names, in lower case

	followers followers
	recent    recent
	rates     rates
	now       now
	stacks    stacks

	closed chan struct{}
	close  sync.Once
}

// An Option configures a [Handler].
type Option interface{ apply(*Handler) }

type optionFunc func(*Handler)

func (f optionFunc) apply(h *Handler) { f(h) }

// Variables shows the values of vars with each task, redacted if a variable is
// marked with [ctxvar.Secret]. Without it, no values are
// shown.
func Variables(vars ...ctxvar.Variable) Option {
	return optionFunc(func(h *Handler) { h.variables = append(h.variables, vars...) })
}

// Interval sets the time between two snapshots of the tasks; the default is a
// second. All viewers within that time see the same snapshot. Interval panics
// with a [*ctxvar.UsageError] if d is not positive.
func Interval(d time.Duration) Option {
	if d <= 0 {
		panic(&ctxvar.UsageError{Func: "taskhttp.Interval", Problem: fmt.Sprintf("%v; it must be positive", d)})
	}
	return optionFunc(func(h *Handler) { h.interval = d })
}

// MaxTasks sets how many live tasks and groups are inspected for a snapshot; the
// default is 50,000. Further ones are counted, but can be neither shown nor
// found. MaxTasks panics with a [*ctxvar.UsageError] if n is negative.
func MaxTasks(n int) Option {
	if n < 0 {
		panic(&ctxvar.UsageError{Func: "taskhttp.MaxTasks", Problem: fmt.Sprintf("%d tasks; it must not be negative", n)})
	}
	return optionFunc(func(h *Handler) { h.maxTasks = n })
}

// History sets how many of the tasks that ended last are shown; the default is
// 100. With 0, tasks that end are counted only while plots are viewed. History
// panics with a [*ctxvar.UsageError] if n is negative.
func History(n int) Option {
	if n < 0 {
		panic(&ctxvar.UsageError{Func: "taskhttp.History", Problem: fmt.Sprintf("%d tasks; it must not be negative", n)})
	}
	return optionFunc(func(h *Handler) { h.history = n })
}

// MaxFollowers sets how many clients may follow the events at a time; the
// default is 32. If there are as many, a client from a machine other than the
// one with the most takes the place of one of those; others get status 503.
// MaxFollowers panics with a [*ctxvar.UsageError] if n is negative.
func MaxFollowers(n int) Option {
	if n < 0 {
		panic(&ctxvar.UsageError{Func: "taskhttp.MaxFollowers", Problem: fmt.Sprintf("%d followers; it must not be negative", n)})
	}
	return optionFunc(func(h *Handler) { h.followers.max = n })
}

// Hosts adds names besides localhost to which requests over loopback
// connections may be addressed, such as those that a proxy on the same machine
// passes on. Over other connections, every Host is accepted.
func Hosts(names ...string) Option {
	return optionFunc(func(h *Handler) {
		for _, name := range names {
			h.hosts[strings.ToLower(name)] = true
		}
	})
}

// New returns a Handler. Its history has the tasks that end from now on, until
// [Handler.Close] or the end of the program.
func New(opts ...Option) *Handler {
	h := &Handler{
		interval: time.Second,
		maxTasks: 50_000,
		history:  100,
		hosts:    make(map[string]bool),
		closed:   make(chan struct{}),
	}
	h.followers.max = 32
	for _, opt := range opts {
		if opt == nil {
			panic(&ctxvar.UsageError{Func: "taskhttp.Option", Problem: "nil Option; leave it out"})
		}
		opt.apply(h)
	}
	h.recent.watch(h.history)
	return h
}

// Mount serves a new Handler at /debug/tasks on mux, and returns it.
func Mount(mux *http.ServeMux, opts ...Option) *Handler {
	h := New(opts...)
	mux.Handle("/debug/tasks", h)
	mux.Handle("/debug/tasks/", h)
	return h
}

// Close ends the responses to clients that follow the events, which would
// otherwise delay [http.Server.Shutdown], and stops the recording of tasks that
// end. Other requests are served as before, with the history as it is. To make
// a server call it:
//
//	server.RegisterOnShutdown(handler.Close)
//
// It may be called more than once.
func (h *Handler) Close() {
	h.close.Do(func() {
		close(h.closed)
		h.recent.stop()
		h.rates.close()
	})
}

// ServeHTTP serves the forms that the package documentation lists.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if why := h.stranger(r); why != "" {
		http.Error(w, "taskhttp: "+why, http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "taskhttp: only GET and HEAD are served here", http.StatusMethodNotAllowed)
		return
	}
	values := r.URL.Query()
	q, err := parseQuery(values)
	if err != nil {
		http.Error(w, "taskhttp: "+err.Error(), http.StatusBadRequest)
		return
	}
	if asksEvents(r) {
		h.follow(w, r, q)
		return
	}
	limitWrite(w, r)
	format, stack := values.Get("format"), values.Get("stack")
	switch {
	case format != "" && format != "text" && format != "json":
		http.Error(w, "taskhttp: there is no such format; use text or json", http.StatusBadRequest)
	case stack != "":
		h.stack(w, stack, format)
	case asksPage(r):
		header.Set("Content-Type", "text/html; charset=utf-8")
		document, policy := page()
		header.Set("Content-Security-Policy", policy)
		header.Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(document)
	case format == "json":
		header.Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(h.json(q))
	default:
		h.text(w, q)
	}
}

// limitWrite gives the response a time limit if the server has none.
func limitWrite(w http.ResponseWriter, r *http.Request) {
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.WriteTimeout == 0 {
		// An error means that the connection supports no limit.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(3 * patience))
	}
}

func (h *Handler) text(w http.ResponseWriter, q query) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v := h.picture().answer(q)
	if q.sort != "tree" {
		for i := range v.Tasks {
			v.Tasks[i].Parent = 0 // a list, not a tree
		}
	}
	_ = v.Write(w) // an error means that the client has gone
}

// A View is served as JSON, and with each event.
type View struct {
	// Tree has the requested rows. Its States are those of all live tasks. Its
	// Omitted is the number of rows that match and are not in it, and of those
	// that were not inspected.
	task.Tree
	// Finished has the tasks that ended last, the last one at the end.
	Finished []task.Finished `json:"finished"`
	// Ended is the number of tasks that ended since the handler was made.
	Ended uint64 `json:"ended"`

	// Interval is the time between two snapshots, in milliseconds.
	Interval int64 `json:"interval"`
	// Matched is the number of rows for the query; those in Tree begin with the
	// one at Offset.
	Matched int `json:"matched"`
	Offset  int `json:"offset"`
	// Unseen is the number of live tasks and groups that were not inspected,
	// because of [MaxTasks].
	Unseen int `json:"unseen"`
	// Context has the IDs of rows that are included only because something in
	// them matches.
	Context []uint64 `json:"context,omitempty"`

	// Cycles has the tasks, groups and calls that wait for each other, for any query.
	Cycles []Cycle `json:"cycles"`

	// Graph, Rates and Durations are present if they were requested.
	Graph     *Graph      `json:"graph,omitempty"`
	Rates     *Rates      `json:"rates,omitempty"`
	Durations []Durations `json:"durations,omitzero"`
}
