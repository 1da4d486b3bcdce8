package machines

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
)

// A Worker has the settings with which [Worker.Serve] serves a hub.
type Worker struct {
	Name      string // in results and errors; the host's and the process's if ""
	AtOnce    int    // how many commands run at once
	Shell     *jobs.Shell
	Dir       string                    // start of the relative directories of jobs; "" for the current one
	Templates map[string]*jobs.Template // nil: any command may run
	Lease     time.Duration             // of the namespace, if this worker is the first to use it; 0 for the usual one

	Hurry <-chan struct{} // closed when running commands must be killed and given to other workers
}

// A serving is one call of Serve.
type serving struct {
	*Worker
	host    jobs.Host
	hub     *Hub
	started time.Time
	killed  <-chan struct{}

	mu      sync.Mutex
	running map[*RunningJob]struct{}
	hurries map[string]*hurry // by caller
}

// A hurry is the end of grace for the commands of one caller.
type hurry struct {
	now  chan struct{}
	jobs int
}

// Serve runs commands for the hub's callers until ctx ends. Then it takes no more, and
// returns when the running ones have ended. It calls ready once it has reached the hub.
func (w *Worker) Serve(ctx context.Context, h *Hub, ready func()) error {
	nc, err := h.dial(ctx, "heirloom worker")
	if err != nil {
		return err
	}
	defer nc.Close()
	if w.Name == "" {
		host, _ := os.Hostname()
		w.Name = fmt.Sprintf("%s pid %d", cmp.Or(host, "unknown host"), os.Getpid())
	}
	options := []remotenats.Option{remotenats.Worker(w.Name)}
	if w.Lease > 0 {
		options = append(options, remotenats.Lease(w.Lease))
	}
	engine, err := h.engine(ctx, nc, options...)
	if err != nil {
		return err
	}
	defer engine.Close()

	killed := make(chan struct{})
	s := &serving{
		Worker: w, hub: h, started: time.Now(), killed: killed,
		host:    jobs.Host{Shell: w.Shell, Environ: os.Environ(), Processes: new(jobs.Processes)},
		running: map[*RunningJob]struct{}{}, hurries: map[string]*hurry{},
	}
	listening, err := s.listen(nc)
	if err != nil {
		return err
	}
	defer listening()

	served := make(chan struct{})
	var hurrying sync.WaitGroup
	hurrying.Go(func() {
		select {
		case <-w.Hurry:
			// A command that is killed now has no outcome: without the connection, the hub
			// gives it to another worker.
			nc.Close()
			close(killed)
			s.hurryAll()
		case <-served:
		}
	})
	ready()
	err = remote.Serve(ctx, engine, s.functions(), remote.Concurrency(w.AtOnce))
	close(served)
	hurrying.Wait()
	select {
	case <-killed:
		return nil
	default:
		return err
	}
}

// functions declares the functions that the worker serves.
func (s *serving) functions() []remote.Callable {
	if s.Templates == nil {
		return []remote.Callable{remote.New(shellFunc, s.runCommand)}
	}
	var fns []remote.Callable
	for name, template := range s.Templates {
		fns = append(fns, remote.New(templateFunc(name), func(ctx context.Context, arg templateArg) (*jobs.End, error) {
			return s.runTemplate(ctx, template, arg)
		}))
	}
	return fns
}

func (s *serving) runCommand(ctx context.Context, arg commandArg) (*jobs.End, error) {
	a := arg.Attempt
	if !filepath.IsAbs(a.Dir) {
		a.Dir = filepath.Join(s.Dir, a.Dir)
	}
	return s.run(ctx, arg.Client, &a)
}

func (s *serving) runTemplate(ctx context.Context, template *jobs.Template, arg templateArg) (*jobs.End, error) {
	command, err := template.Expand(arg.Number, arg.Values)
	if err != nil {
		return &jobs.End{State: jobs.Failed, Exit: -1, Error: err.Error()}, nil
	}
	return s.run(ctx, arg.Client, &jobs.Attempt{
		Job: arg.Job, Number: arg.Number, Attempt: arg.Attempt, Slot: arg.Slot, Command: command, Dir: s.Dir,
		Timeout: time.Duration(arg.Timeout), Grace: time.Duration(arg.Grace),
	})
}

// run runs an attempt. Its output goes to the caller in reports.
func (s *serving) run(ctx context.Context, client string, a *jobs.Attempt) (*jobs.End, error) {
	defer s.note(client, a)()
	host := &jobs.Host{
		Shell: s.host.Shell, Environ: s.host.Environ, Processes: s.host.Processes, Hurry: s.hurryOf(client),
	}
	defer s.doneWith(client)
	var stdin io.Reader
	if a.Stdin != nil {
		stdin = bytes.NewReader(a.Stdin)
	}
	return host.RunPiped(ctx, a, stdin, reporter(jobs.Stdout), reporter(jobs.Stderr)), nil
}

// A reporter is a writer that sends to the caller.
type reporter jobs.Stdio

func (r reporter) Write(p []byte) (int, error) {
	report(jobs.Stdio(r), p)
	return len(p), nil
}

// listen answers requests for the worker's status, and receives the messages of callers
// that have ended the grace period of their commands.
func (s *serving) listen(nc *nats.Conn) (stop func(), err error) {
	status, err := nc.Subscribe(s.hub.statusSubject(), func(m *nats.Msg) { _ = m.Respond(s.status()) })
	if err != nil {
		return nil, err
	}
	hurries, err := nc.Subscribe(s.hub.hurrySubject("*"), func(m *nats.Msg) {
		s.hurryUp(m.Subject[len(s.hub.hurrySubject("")):])
	})
	return func() {
		_ = status.Unsubscribe()
		if hurries != nil {
			_ = hurries.Unsubscribe()
		}
	}, err
}

// hurryOf returns a channel that is closed when the grace period of the caller's
// commands ends. One of these is about to begin.
func (s *serving) hurryOf(client string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hurries[client]
	if h == nil {
		h = &hurry{now: make(chan struct{})}
		s.hurries[client] = h
		select {
		case <-s.killed:
			close(h.now)
		default:
		}
	}
	h.jobs++
	return h.now
}

func (s *serving) doneWith(client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hurries[client]
	if h.jobs--; h.jobs == 0 {
		delete(s.hurries, client)
	}
}

func (s *serving) hurryUp(client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.hurries[client]; h != nil {
		h.hurry()
	}
}

func (s *serving) hurryAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hurries {
		h.hurry()
	}
}

// hurry returns or makes the hurry of a caller. mu is held.
func (h *hurry) hurry() {
	select {
	case <-h.now:
	default:
		close(h.now)
	}
}

// note puts the attempt into the worker's status until the returned function is called.
func (s *serving) note(client string, a *jobs.Attempt) (done func()) {
	r := &RunningJob{Job: a.Job, Command: a.Command, Caller: client, Delivery: remote.Delivery(), Started: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[r] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, r)
	}
}

// ParseTemplates parses the templates of a worker, by their names.
func ParseTemplates(commands map[string]string, shell *jobs.Shell) (map[string]*jobs.Template, error) {
	templates := make(map[string]*jobs.Template, len(commands))
	for name, command := range commands {
		if err := CheckTemplateName(name); err != nil {
			return nil, err
		}
		t, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{})
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", name, err)
		}
		templates[name] = t
	}
	if len(templates) == 0 {
		return nil, errors.New("there is no template in it; write NAME = 'command {}' on a line for each")
	}
	return templates, nil
}

// serves returns what the worker says about the commands that it runs.
func (s *serving) serves() []string {
	var names []string
	for name := range s.Templates {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
