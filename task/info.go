package task

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/internal/latectx"
)

// Info describes a task or a [Group] at one moment.
type Info struct {
	ID      uint64    `json:"id"`
	Parent  uint64    `json:"parent,omitempty"` // the ID of the task or Group it is in; 0 for none
	Kind    Kind      `json:"kind"`
	Name    string    `json:"name"`
	State   State     `json:"state"`
	Started time.Time `json:"started"`
	Depth   int       `json:"depth,omitempty"` // how many tasks and Groups it is in, in a [Tree]

	// Function is the full name of the task's function, if it has one.
	Function string `json:"function,omitempty"`

	// Waiting says what a task in state Waiting waits for: the name of a task
	// or a Group, "sleep", "several tasks", "a place", or a call of package
	// gather.
	Waiting string `json:"waiting,omitempty"`

	// WaitsFor has, in a [Tree], the IDs of the tasks, Groups or calls that the
	// task waits for and that have not ended, up to 32 of them; WaitsForMore is
	// the number of the others. If a wait is for so many that not all are
	// inspected, WaitsForMore includes those not inspected, even if they have
	// ended. A Group or a Run whose function has ended waits for everything
	// started in it. A task that waits for a place, in state Queued or Waiting,
	// has the tasks with a place here only if they are in the same Cycle.
	WaitsFor     []uint64 `json:"waits_for,omitempty"`
	WaitsForMore int      `json:"waits_for_more,omitempty"`

	// Deadline is, in a [Tree], the latest time at which the ctx ends, if it is
	// known.
	Deadline time.Time `json:"deadline,omitzero"`

	// Deadlock is true if the task waits for another that waits for it,
	// directly or through others, and [ErrDeadlock] will not end the wait. That
	// is so if the cycle can end by itself, at a deadline, or if it includes
	// something that waits without being a task. Cycle is the smallest ID of
	// those that wait for each other, and so the same for all of them.
	Deadlock bool   `json:"deadlock,omitempty"`
	Cycle    uint64 `json:"cycle,omitempty"`

	// Site is where the task was started, as file.go:12, with [StartSites].
	Site string `json:"site,omitempty"`

	// Jobs counts the jobs of a call of package gather.
	Jobs *Jobs `json:"jobs,omitempty"`

	// Variables has the values of the variables selected with the
	// [TreeVariables] option, by name and as fmt.Sprint prints them, or redacted.
	// Only tasks have variables of their own.
	Variables map[string]string `json:"variables,omitempty"`
}

// as returns i with another state, which is one of a task that does not wait.
func (i Info) as(s State) Info {
	i.State, i.Waiting = s, ""
	return i
}

// Kind distinguishes tasks, Groups and calls of package gather.
type Kind string

// The kinds of nodes in a [Tree].
const (
	KindTask  Kind = "task"
	KindGroup Kind = "group"
	KindCall  Kind = "call" // of package gather, in a task
)

// info returns what there is to know about n alone.
func (n *node) info() Info {
	i := Info{
		ID:      n.id,
		Kind:    KindTask,
		Name:    n.name(),
		State:   n.current(),
		Started: epoch.Add(time.Duration(n.started)),
	}
	if n.self == nil {
		i.Kind = KindGroup
	}
	if f := runtime.FuncForPC(n.pc); f != nil {
		i.Function = strings.TrimSuffix(f.Name(), "-fm") // of a method value
	}
	if n.more != nil && n.more.site != 0 {
		i.Site = siteOf(n.more.site)
	}
	if i.State == Waiting {
		i.Waiting = n.waitingFor(n.waitFor.Load())
	}
	return i
}

func (n *node) waitingFor(what *node) string {
	switch what {
	case nil:
		if n.isEndingScope() {
			return "what it started"
		}
		return "" // over since
	case &asleep:
		return "sleep"
	case &several:
		return "several tasks"
	case &turn:
		return "a place"
	case &promised, &owed:
		return "its completion"
	case &inCall:
		if calls, _ := n.callRows(1); len(calls) > 0 {
			return calls[0].Name + " (" + calls[0].Jobs.String() + ")"
		}
		return ""
	}
	return what.name()
}

// callSite returns where the function of this package was called that is running
// in the calling goroutine.
func callSite() uintptr {
	var pcs [12]uintptr
	for _, pc := range pcs[:runtime.Callers(3, pcs[:])] {
		if f := runtime.FuncForPC(pc - 1); f != nil && !strings.HasPrefix(f.Name(), ownPrefix) {
			return pc
		}
	}
	return 0
}

// ownPrefix is what the names of this package's functions begin with.
const ownPrefix = "github.com/heirloom-go/heirloom/task."

// siteOf returns the place of a return address.
func siteOf(pc uintptr) string {
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return fmt.Sprintf("%s:%d", lastElement(f.File), f.Line)
}

// deadline returns when n's ctx ends at the latest, as far as that is known, or the
// zero time. It asks no context of the user's, for it is not n's task that asks.
func (n *node) deadline() (at time.Time) {
	at, _ = latectx.Deadline(n.base())
	s := n.scope()
	if s == nil {
		return at
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.moving != nil && (at.IsZero() || s.movedTo.Before(at)) {
		return s.movedTo
	}
	return at
}
