package task

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Tree is a picture of the live tasks. Its JSON form is stable: fields may be
// added.
type Tree struct {
	Time time.Time `json:"time"`
	// Tasks has the live tasks and Groups. Each follows the one it is in, and
	// those in the same one are in the order in which they were started.
	Tasks []Info `json:"tasks"`
	// Omitted is the number of tasks and Groups left out because of the
	// [TreeMax] option. If tasks start and end meanwhile, it is an estimate.
	Omitted int `json:"omitted,omitempty"`
	// States has the number of all live tasks by state, including those left
	// out.
	States map[State]int `json:"states"`
}

// A ViewOption configures [Snapshot] and [WriteTree].
type ViewOption interface{ view(*view) }

type viewFunc func(*view)

func (f viewFunc) view(v *view) { f(v) }

type view struct {
	max  int
	vars map[ctxvar.Variable]bool
}

// TreeVariables includes the values of vars for each task that has set or
// inherited them. By default no values are included, because they may be
// secret. A variable marked with [ctxvar.Secret] has [ctxvar.Redacted] in place
// of its value.
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

// TreeMax limits a Tree to n tasks and Groups, and to n calls of package gather
// in them. The default is 10,000. Within a branch of the tree, deeper nodes are
// left out first; of the calls, the oldest.
func TreeMax(n int) ViewOption { return viewFunc(func(v *view) { v.max = max(n, 0) }) }

// Snapshot returns the live tasks of the whole program as a tree. It does not
// stop them: tasks start and end meanwhile, and are delayed at most for as long
// as it takes to inspect some hundred tasks. A task that lives throughout the
// call appears exactly once, if the limit allows. With [TreeMax], the time
// depends on that limit rather than on the number of tasks.
//
// Values of variables are printed while their tasks run. If a task changes such
// a value in place, against the advice of package ctxvar, that is a data race.
func Snapshot(opts ...ViewOption) Tree {
	v := &view{max: 10_000}
	for _, opt := range opts {
		if opt == nil {
			panic(&ctxvar.UsageError{Func: "task.ViewOption", Problem: "nil ViewOption; leave it out"})
		}
		opt.view(v)
	}
	live, _ := census()
	rows := make([]row, 0, max(min(live, v.max), 0))
	if v.max > 0 {
		newWalk().look(func(n *node, parent uint64, depth int) bool {
			r := row{n.info(), n}
			r.info.Parent, r.info.Depth, r.info.Deadline = parent, depth, n.deadline()
			rows = append(rows, r)
			return len(rows) < v.max
		})
	}
	rows = inOrder(rows)
	live, states := census()
	t := Tree{Time: time.Now(), Tasks: make([]Info, 0, len(rows)), States: states}
	if len(rows) == v.max {
		t.Omitted = max(live-len(rows), 0)
	}
	calls := make(map[*node][]Info)
	left := v.max
	for _, r := range rows {
		if r.node.self != nil {
			c, more := r.node.callRows(left)
			left -= len(c)
			t.Omitted += more
			if c != nil {
				calls[r.node] = c
			}
		}
	}
	linkWaits(rows, calls)
	for _, r := range rows {
		if r.node.self != nil && len(v.vars) > 0 {
			// Printing a value runs the user's code.
			r.info.Variables = v.values(r.node.handle().Context())
		}
		t.Tasks = append(t.Tasks, r.info)
		for _, c := range calls[r.node] {
			c.Depth = r.info.Depth + 1
			t.Tasks = append(t.Tasks, c)
		}
	}
	return t
}

// A row is a node in a snapshot.
type row struct {
	info Info
	node *node
}

// inOrder returns the rows of a walk so that those in the same one are in the order in
// which they were started: a walk takes what has no parent, and what several goroutines
// started in one node, from several lists.
func inOrder(rows []row) []row {
	below := make(map[uint64][]int) // the indexes, by the ID of what the rows are in
	for i := range rows {
		id := rows[i].info.Parent
		below[id] = append(below[id], i)
	}
	ordered := make([]row, 0, len(rows))
	var add func(id uint64)
	add = func(id uint64) {
		slices.SortFunc(below[id], func(a, b int) int { return cmp.Compare(rows[a].info.ID, rows[b].info.ID) })
		for _, i := range below[id] {
			ordered = append(ordered, rows[i])
			add(rows[i].info.ID)
		}
	}
	add(0)
	return ordered
}

// All returns an iterator over the live tasks of the whole program, in no
// particular order. It mirrors asyncio.all_tasks.
func All() iter.Seq[Handle] {
	return func(yield func(Handle) bool) {
		var tasks []Handle
		newWalk().look(func(n *node, _ uint64, _ int) bool {
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

// values returns the values in c of the selected variables.
func (v *view) values(c *ctxvar.Context) map[string]string {
	var values map[string]string
	for variable, value := range c.All() {
		if v.vars[variable] {
			if values == nil {
				values = make(map[string]string)
			}
			if variable.Secret() {
				value = ctxvar.Redacted
			}
			values[variable.Name()] = fmt.Sprint(value)
		}
	}
	return values
}
