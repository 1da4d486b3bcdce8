package taskhttp

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
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
	clients   chan struct{} // has a value for each follower

	recent recent
	now    now

	closed chan struct{}
	close  sync.Once
}

// An Option configures a [Handler].
type Option interface{ apply(*Handler) }

type optionFunc func(*Handler)

func (f optionFunc) apply(h *Handler) { f(h) }

// Variables shows the values of vars with each task. Without it, no values are
// shown.
func Variables(vars ...ctxvar.Variable) Option {
	return optionFunc(func(h *Handler) { h.variables = append(h.variables, vars...) })
}

// Interval sets the time between two pictures of the tasks; the default is a
// second. All who look within that time are shown the same. Interval panics if d
// is not positive.
func Interval(d time.Duration) Option {
	if d <= 0 {
		panic(fmt.Sprintf("taskhttp: interval %v is not positive", d))
	}
	return optionFunc(func(h *Handler) { h.interval = d })
}

// MaxTasks sets how many live tasks and groups are shown at most; the default is
// 2,000. MaxTasks panics if n is negative.
func MaxTasks(n int) Option {
	if n < 0 {
		panic(fmt.Sprintf("taskhttp: maximum of %d tasks is negative", n))
	}
	return optionFunc(func(h *Handler) { h.maxTasks = n })
}

// History sets how many of the tasks that ended last are shown; the default is
// 100. With 0, tasks that end are not looked at. History panics if n is
// negative.
func History(n int) Option {
	if n < 0 {
		panic(fmt.Sprintf("taskhttp: history of %d tasks is negative", n))
	}
	return optionFunc(func(h *Handler) { h.history = n })
}

// MaxFollowers sets how many clients may follow the events at a time; the
// default is 32. Others get status 503. MaxFollowers panics if n is negative.
func MaxFollowers(n int) Option {
	if n < 0 {
		panic(fmt.Sprintf("taskhttp: maximum of %d followers is negative", n))
	}
	return optionFunc(func(h *Handler) { h.clients = make(chan struct{}, n) })
}

// New returns a Handler. Tasks that end from now on are in its history, for as
// long as the program runs or until [Handler.Close].
func New(opts ...Option) *Handler {
	h := &Handler{
		interval: time.Second,
		maxTasks: 2_000,
		history:  100,
		clients:  make(chan struct{}, 32),
		closed:   make(chan struct{}),
	}
	for _, opt := range opts {
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

// Close ends the responses of those who follow the events, which would else hold
// up [http.Server.Shutdown], and stops the recording of tasks that end. Other
// requests are served as before, with the history as it is. To have a server
// call it:
//
//	server.RegisterOnShutdown(handler.Close)
//
// It may be called more than once.
func (h *Handler) Close() {
	h.close.Do(func() {
		close(h.closed)
		h.recent.stop()
	})
}

//go:embed page.html
var page []byte

// pagePolicy lets the page run its own script and style, and nothing else. The
// hash stands for the one script, so none that gets into the page is run.
var pagePolicy = fmt.Sprintf("default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src '%s'; "+
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'", scriptHash(page))

func scriptHash(page []byte) string {
	_, script, _ := strings.Cut(string(page), "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// ServeHTTP serves the forms that the package documentation lists.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "taskhttp: only GET and HEAD are served here", http.StatusMethodNotAllowed)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/events") {
		h.follow(w, r)
		return
	}
	switch format := r.URL.Query().Get("format"); format {
	case "":
		// Browsers ask for HTML by name; curl and others don't.
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			header.Set("Content-Type", "text/html; charset=utf-8")
			header.Set("Content-Security-Policy", pagePolicy)
			header.Set("Referrer-Policy", "no-referrer")
			_, _ = w.Write(page)
			return
		}
		h.text(w)
	case "text":
		h.text(w)
	case "json":
		header.Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(h.picture().json)
	default:
		http.Error(w, "taskhttp: there is no such format; use text or json", http.StatusBadRequest)
	}
}

func (h *Handler) text(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// An error is the client's: it went away.
	_ = h.picture().view.Write(w)
}

// A View is what is served as JSON, and with each event.
type View struct {
	task.Tree
	// Finished has the tasks that ended last, the last one at the end.
	Finished []task.Finished `json:"finished"`
	// Ended counts the tasks that ended since the handler was made.
	Ended uint64 `json:"ended"`
}

// view takes a picture.
func (h *Handler) view() *picture {
	v := View{Tree: task.Snapshot(task.TreeVariables(h.variables...), task.TreeMax(h.maxTasks))}
	v.Finished, v.Ended = h.recent.last()
	text, err := json.Marshal(v)
	if err != nil {
		// Strings, numbers and times: there is nothing that could fail.
		panic(fmt.Sprintf("taskhttp: %v", err))
	}
	return &picture{view: v, json: text, taken: v.Time}
}
