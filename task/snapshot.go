package task

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
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
	// or Group, "sleep", or "several tasks".
	Waiting string `json:"waiting,omitempty"`

	// Variables has, by name, the values of those that were asked for with the
	// [TreeVariables] option, as fmt.Sprint prints them. Only tasks have variables of
	// their own.
	Variables map[string]string `json:"variables,omitempty"`
}

// Kind tells a task from a [Group].
type Kind string

// What a node of the tree is.
const (
	KindTask  Kind = "task"
	KindGroup Kind = "group"
)

// A Tree is a picture of the live tasks. Its JSON form is stable: fields may be
// added.
type Tree struct {
	Time time.Time `json:"time"`
	// Tasks has the live tasks and Groups, each behind the one it is in, and
	// those in the same one in the order in which they were started.
	Tasks []Info `json:"tasks"`
	// Omitted counts those that were left out because of the [TreeMax] option.
	Omitted int `json:"omitted,omitempty"`
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
// program, whoever started them. It does not stop them. What it says of the tree
// below one task without a parent is true of one moment; tasks there can't start
// or end meanwhile, so for very many use [TreeMax].
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
		task Handle // nil for a Group
	}
	var tops [][]row
	taken, omitted := 0, 0
	look(func(n *node, parent uint64) {
		if taken == v.max {
			omitted++
			return
		}
		taken++
		if parent == 0 {
			tops = append(tops, nil)
		}
		r := row{info: n.info()}
		r.info.Parent = parent
		r.task, _ = n.self.(Handle)
		last := len(tops) - 1
		tops[last] = append(tops[last], r)
	})
	slices.SortFunc(tops, func(a, b []row) int { return cmp.Compare(a[0].info.ID, b[0].info.ID) })
	t := Tree{Time: time.Now(), Tasks: make([]Info, 0, taken), Omitted: omitted}
	for _, r := range slices.Concat(tops...) {
		// Not while look holds locks: printing a value runs the user's code.
		if r.task != nil && len(v.vars) > 0 {
			r.info.Variables = v.values(r.task.Context())
		}
		t.Tasks = append(t.Tasks, r.info)
	}
	return t
}

// All returns the tasks that are live now, in no particular order. It mirrors
// asyncio.all_tasks, for the whole program.
func All() iter.Seq[Handle] {
	return func(yield func(Handle) bool) {
		var tasks []Handle
		look(func(n *node, _ uint64) {
			if n.self != nil {
				tasks = append(tasks, n.handle())
			}
		})
		for _, h := range tasks {
			if !yield(h) {
				return
			}
		}
	}
}

// look calls see for every live node, each after the one it is in, whose ID it
// is given, and those in the same one in the order in which they were started.
//
// While it looks at a node, it holds the locks of all that are above, taken from
// the top down. A node that leaves the tree takes its parent's lock first, so
// nothing moves up past look unseen.
func look(see func(n *node, parent uint64)) {
	for i := range roots {
		roots[i].mu.Lock()
		roots[i].lookBelow(see)
		roots[i].mu.Unlock()
	}
}

// lookBelow is look for what is below n; n.mu is locked.
func (n *node) lookBelow(see func(n *node, parent uint64)) {
	last := n.first // the newest
	for last != nil && last.next != nil {
		last = last.next
	}
	for c := last; c != nil; c = c.prev {
		c.mu.Lock()
		see(c, n.id)
		c.lookBelow(see)
		c.mu.Unlock()
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
	if i.State == Waiting {
		i.Waiting = waitingFor(n.waitFor.Load())
	}
	return i
}

func waitingFor(what *node) string {
	switch what {
	case nil: // over since
		return ""
	case &asleep:
		return "sleep"
	case &several:
		return "several tasks"
	}
	return what.name()
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
