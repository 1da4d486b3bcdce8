package task

import (
	"cmp"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Info is what there is to know about a task or a [Group], at one moment.
type Info struct {
	ID      uint64    `json:"id"`
	Parent  uint64    `json:"parent,omitempty"` // the ID of the task or Group it is in; 0 for none
	Kind    Kind      `json:"kind"`
	Name    string    `json:"name"`
	State   State     `json:"state"`
	Started time.Time `json:"started"`

	// Waiting tells what a task in state Waiting waits for: the name of a task
	// or Group, "sleep", "several tasks", "a place", or a call with jobs.
	Waiting string `json:"waiting,omitempty"`

	// Deadlock is set if the task waits for another that waits for it, and
	// so on. What has no end by itself is ended with [ErrDeadlock], so this is
	// one that has: by a deadline, or by what waits without being a task.
	Deadlock bool `json:"deadlock,omitempty"`

	// Site is where the task was started, as file.go:12, with [StartSites].
	Site string `json:"site,omitempty"`

	// Jobs counts the jobs of a call of package gather.
	Jobs *Jobs `json:"jobs,omitempty"`

	// Variables has, by name, the values of those that were asked for with the
	// [TreeVariables] option, as fmt.Sprint prints them. Only tasks have variables of
	// their own.
	Variables map[string]string `json:"variables,omitempty"`
}

// as returns i with another state, which is one of a task that does not wait.
func (i Info) as(s State) Info {
	i.State, i.Waiting = s, ""
	return i
}

// Kind tells a task from a [Group].
type Kind string

// What a node of the tree is.
const (
	KindTask  Kind = "task"
	KindGroup Kind = "group"
	KindCall  Kind = "call" // of package gather, in a task
)

// A Tree is a picture of the live tasks. Its JSON form is stable: fields may be
// added.
type Tree struct {
	Time time.Time `json:"time"`
	// Tasks has the live tasks and Groups, each behind the one it is in, and
	// those in the same one in the order in which they were started.
	Tasks []Info `json:"tasks"`
	// Omitted counts those that were left out because of the [TreeMax] option. If
	// tasks start and end meanwhile it is as near as that allows.
	Omitted int `json:"omitted,omitempty"`
	// States counts all tasks that are live, shown or not, by state.
	States map[State]int `json:"states"`
}

// A ViewOption says what [Snapshot] and [WriteTree] show.
type ViewOption interface{ view(*view) }

type viewFunc func(*view)

func (f viewFunc) view(v *view) { f(v) }

type view struct {
	max  int
	vars map[ctxvar.Variable]bool
}

// TreeVariables shows the values of vars for each task that has set or inherited
// them. Without it no values are shown, for they may be secrets.
func TreeVariables(vars ...ctxvar.Variable) ViewOption {
	return viewFunc(func(v *view) {
		if v.vars == nil {
			v.vars = make(map[ctxvar.Variable]bool)
		}
		for _, variable := range vars {
			v.vars[variable] = true
		}
	})
}

// TreeMax limits the picture to n tasks and Groups; the default is 10,000. What is
// deeper in the tree is left out before what is above it in the same branch.
func TreeMax(n int) ViewOption { return viewFunc(func(v *view) { v.max = max(n, 0) }) }

// Snapshot returns a picture of the live tasks, as a tree: those of the whole
// program, whoever started them. It does not stop them: tasks start and end
// meanwhile, and wait for it no longer than it takes to look at some hundred of
// them. What lives for as long as Snapshot takes is in the picture once, if there
// is room for it. With [TreeMax] it takes time for so many, however many there
// are.
//
// Values that are shown are printed while their task runs on: a value that a
// task changes in place, against the advice of package ctxvar, is a data race.
func Snapshot(opts ...ViewOption) Tree {
	v := &view{max: 10_000}
	for _, opt := range opts {
		opt.view(v)
	}
	type row struct {
		info Info
		node *node
	}
	var tops [][]row
	w := newWalk()
	taken := 0
	if v.max > 0 {
		w.look(func(n *node, parent uint64) bool {
			if parent == 0 {
				tops = append(tops, nil)
			}
			r := row{n.info(), n}
			r.info.Parent = parent
			last := len(tops) - 1
			tops[last] = append(tops[last], r)
			taken++
			return taken < v.max
		})
	}
	slices.SortFunc(tops, func(a, b []row) int { return cmp.Compare(a[0].info.ID, b[0].info.ID) })
	nodes, states := census()
	t := Tree{Time: time.Now(), Tasks: make([]Info, 0, taken), States: states}
	if taken == v.max {
		t.Omitted = max(nodes-taken, 0)
	}
	rows := slices.Concat(tops...)
	shown := make([]*node, len(rows))
	for i, r := range rows {
		shown[i] = r.node
	}
	circular := inCycles(shown)
	for _, r := range rows {
		r.info.Deadlock = circular[r.node]
		if r.node.self != nil && len(v.vars) > 0 {
			// Printing a value runs the user's code.
			r.info.Variables = v.values(r.node.handle().Context())
		}
		t.Tasks = append(t.Tasks, r.info)
		if r.node.self != nil {
			t.Tasks = append(t.Tasks, r.node.callRows()...)
		}
	}
	return t
}

// inCycles returns which of the nodes wait for each other. Of waits for several
// tasks it knows nothing.
func inCycles(nodes []*node) map[*node]bool {
	circular := make(map[*node]bool)
	passed := make(map[*node]int) // in which round
	for round, start := range nodes {
		n := start
		for n != nil && passed[n] == 0 {
			passed[n] = round + 1
			n = n.waitFor.Load()
		}
		if n == nil || passed[n] != round+1 {
			continue
		}
		for c := n; c != nil && !circular[c]; c = c.waitFor.Load() {
			circular[c] = true
		}
	}
	return circular
}

// All returns the tasks that are live now, in no particular order. It mirrors
// asyncio.all_tasks, for the whole program.
func All() iter.Seq[Handle] {
	return func(yield func(Handle) bool) {
		var tasks []Handle
		newWalk().look(func(n *node, _ uint64) bool {
			if n.self != nil {
				tasks = append(tasks, n.handle())
			}
			return true
		})
		for _, h := range tasks {
			if !yield(h) {
				return
			}
		}
	}
}

// info returns what there is to know about n, but for its parent and variables.
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
	case nil: // over since
		return ""
	case &asleep:
		return "sleep"
	case &several:
		return "several tasks"
	case &turn:
		return "a place"
	case &promised:
		return "its completion"
	case &inCall:
		for _, c := range n.callRows() {
			return c.Name + " (" + c.Jobs.String() + ")"
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

// values returns those of the variables asked for that have a value in c.
func (v *view) values(c *ctxvar.Context) map[string]string {
	var values map[string]string
	for variable, value := range c.All() {
		if v.vars[variable] {
			if values == nil {
				values = make(map[string]string)
			}
			values[variable.Name()] = fmt.Sprint(value)
		}
	}
	return values
}
