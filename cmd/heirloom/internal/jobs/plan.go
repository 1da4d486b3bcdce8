package jobs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/nearest"
	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Plan is a tree of jobs whose names and needs are resolved. It can be run to its
// end, because no job waits for itself.
type Plan struct {
	root  *node
	nodes []*node // all except the root, parents before their jobs, in the order of the file
}

// A node is a job at its position in the tree. The nodes of a stream have the root as
// their parent, and no needs.
type node struct {
	*Job
	parent   *node
	path     string // the names from the root's jobs down; "" for the root and in a stream
	children []*node
	needs    []*node
	neededBy []*node

	// Set for a job when it is admitted to a run.
	number, repeat int
	name           string
	slot           int // while it runs, from 1

	// These belong to a run, see there.
	blockers int             // how many of its needs have not ended, plus its group if that has not begun
	missing  string          // why it can't be run, or ""
	unended  int             // how many of a group's children have not ended
	broken   bool            // whether one of the group's children did not succeed
	scope    *ctxvar.Context // a group's variables, of which its jobs get copies
}

func (n *node) group() bool { return len(n.Jobs) > 0 }

// label returns the name of the node in output and messages.
func (n *node) label() string {
	return cmp.Or(n.path, n.Name, n.Command)
}

// shown returns the mark of the node's output.
func (n *node) shown() string { return cmp.Or(n.Tag, n.name) }

// NewPlan resolves the tree below root. An error names the job at fault.
func NewPlan(root *Job) (*Plan, error) {
	p := &Plan{root: &node{Job: root}}
	if root.Command != "" || len(root.Needs) > 0 {
		return nil, errors.New("a command or needs belongs to a job: put it below [[jobs]]")
	}
	if len(root.Jobs) > 0 {
		if err := root.check(); err != nil {
			return nil, err
		}
	}
	byPath := map[string]*node{}
	if err := p.add(p.root, byPath); err != nil {
		return nil, err
	}
	for _, n := range p.nodes {
		for _, name := range n.Needs {
			need, ok := n.resolve(name, byPath)
			if !ok {
				return nil, fmt.Errorf("job %q needs %q, %s", n.label(), name, noSuchJob(name, byPath))
			}
			if !slices.Contains(n.needs, need) {
				n.needs = append(n.needs, need)
				need.neededBy = append(need.neededBy, n)
			}
		}
	}
	if cycle := p.cycle(); cycle != nil {
		return nil, fmt.Errorf("jobs wait for each other: %s", strings.Join(cycle, " → "))
	}
	return p, nil
}

func noSuchJob(name string, byPath map[string]*node) string {
	paths := make([]string, 0, len(byPath))
	for path := range byPath {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	if best, ok := nearest.Name(name, paths); ok {
		return fmt.Sprintf("which does not exist; did you mean %q?", best)
	}
	return "which does not exist"
}

// add makes nodes for the jobs of parent and for all jobs below them.
func (p *Plan) add(parent *node, byPath map[string]*node) error {
	for i, job := range parent.Jobs {
		n := &node{Job: job, parent: parent}
		if job == nil {
			return fmt.Errorf("job %d is null", i+1)
		}
		name := job.Name
		if name == "" {
			if name = job.Command; strings.TrimSpace(name) == "" {
				name = fmt.Sprintf("group %d", i+1)
			}
		}
		n.path = name
		if parent.path != "" {
			n.path = parent.path + "/" + name
		}
		if err := job.check(); err != nil {
			return fmt.Errorf("job %q: %w", n.path, err)
		}
		if job.Name != "" {
			if byPath[n.path] != nil {
				return fmt.Errorf("two jobs are called %q", n.path)
			}
			byPath[n.path] = n
		}
		parent.children = append(parent.children, n)
		p.nodes = append(p.nodes, n)
		if err := p.add(n, byPath); err != nil {
			return err
		}
	}
	return nil
}

// resolve finds the job that n refers to by name. It looks beside n, then beside the
// group of n, and so on up to the top, where it also finds a job by its whole path.
func (n *node) resolve(name string, byPath map[string]*node) (*node, bool) {
	for scope := n.parent; scope != nil; scope = scope.parent {
		path := name
		if scope.path != "" {
			path = scope.path + "/" + name
		}
		if found := byPath[path]; found != nil {
			return found, true
		}
	}
	return nil, false
}

// A moment is the start or the end of a node. Jobs can be run if there is an order of
// the moments.
type moment struct {
	*node
	end bool
}

// after returns the moments that m waits for.
func (m moment) after() []moment {
	var before []moment
	if m.end {
		before = append(before, moment{m.node, false})
		for _, child := range m.children {
			before = append(before, moment{child, true})
		}
		return before
	}
	for _, need := range m.needs {
		before = append(before, moment{need, true})
	}
	if m.parent != nil {
		before = append(before, moment{m.parent, false})
	}
	return before
}

// cycle returns the names of jobs in which each waits for the next, and of which the
// last is the first. It returns nil if there is no such cycle.
func (p *Plan) cycle() []string {
	const (
		onPath = iota + 1
		done
	)
	state := map[moment]int{}
	var path []moment
	var visit func(m moment) []string
	visit = func(m moment) []string {
		switch state[m] {
		case done:
			return nil
		case onPath:
			var names []string
			for _, at := range append(path[slices.Index(path, m):], m) {
				if name := at.label(); len(names) == 0 || names[len(names)-1] != name {
					names = append(names, name)
				}
			}
			if len(names) == 1 { // the job needs itself
				names = append(names, names[0])
			}
			return names
		}
		state[m] = onPath
		path = append(path, m)
		for _, before := range m.after() {
			if names := visit(before); names != nil {
				return names
			}
		}
		path = path[:len(path)-1]
		state[m] = done
		return nil
	}
	for _, n := range p.nodes {
		if names := visit(moment{n, true}); names != nil {
			return names
		}
	}
	return nil
}
