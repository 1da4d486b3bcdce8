package taskhttp

import (
	"slices"

	"github.com/heirloom-go/heirloom/task"
)

// A Graph shows which tasks, groups and calls wait for which, around one of
// them.
type Graph struct {
	// Path has the tasks and groups around it, the outermost first.
	Path []Ref `json:"path"`
	// Nodes has the one itself first, then those that it waits for, directly or
	// not, and those that wait for it. It is empty if nothing with its ID is
	// live.
	Nodes []task.Info `json:"nodes"`
	// Edges are IDs of two nodes, of which the first waits for the second.
	Edges [][2]uint64 `json:"edges"`
	// Omitted is the number of neighbours that were left out.
	Omitted int `json:"omitted,omitempty"`
}

// A Ref names a task, a group or a call.
type Ref struct {
	ID   uint64 `json:"id"`
	Name string `json:"name"`
}

// A Cycle has tasks, groups and calls that wait for each other.
type Cycle struct {
	ID    uint64 `json:"id"` // as Cycle in task.Info
	Size  int    `json:"size"`
	Tasks []Ref  `json:"tasks"` // the first of them
}

const (
	mostNodes   = 24 // of a graph, in each direction
	mostCycles  = 20
	mostMembers = 12
)

// links connects the rows.
type links struct {
	rows    map[uint64]int   // by ID
	waiters map[uint64][]int // the rows that wait for an ID
}

func (p *picture) linked() *links {
	p.linking.Do(func() {
		p.links = links{make(map[uint64]int, len(p.tree.Tasks)), make(map[uint64][]int)}
		for i, info := range p.tree.Tasks {
			p.links.rows[info.ID] = i
			for _, id := range info.WaitsFor {
				p.links.waiters[id] = append(p.links.waiters[id], i)
			}
		}
	})
	return &p.links
}

// graph returns the graph around id.
func (p *picture) graph(id uint64) *Graph {
	l, rows := p.linked(), p.tree.Tasks
	g := &Graph{Path: []Ref{}, Nodes: []task.Info{}, Edges: [][2]uint64{}}
	start, ok := l.rows[id]
	if !ok {
		return g
	}
	in := map[int]bool{start: true}
	g.Nodes = append(g.Nodes, rows[start])
	// spread adds the rows to which next leads, nearer ones first.
	spread := func(next func(row int) []int) {
		added, omitted := 0, make(map[int]bool)
		for todo := []int{start}; len(todo) > 0; todo = todo[1:] {
			for _, n := range next(todo[0]) {
				switch {
				case in[n]:
				case added == mostNodes:
					omitted[n] = true
				default:
					added++
					in[n] = true
					g.Nodes = append(g.Nodes, rows[n])
					todo = append(todo, n)
				}
			}
		}
		g.Omitted += len(omitted)
	}
	spread(func(row int) (next []int) {
		for _, id := range rows[row].WaitsFor {
			if n, ok := l.rows[id]; ok {
				next = append(next, n)
			}
		}
		return next
	})
	spread(func(row int) []int { return l.waiters[rows[row].ID] })
	for _, info := range g.Nodes {
		for _, to := range info.WaitsFor {
			if n, ok := l.rows[to]; ok && in[n] {
				g.Edges = append(g.Edges, [2]uint64{info.ID, to})
			}
		}
	}
	for at := rows[start].Parent; at != 0; {
		n, ok := l.rows[at]
		if !ok {
			break
		}
		g.Path = append(g.Path, Ref{at, rows[n].Name})
		at = rows[n].Parent
	}
	slices.Reverse(g.Path)
	return g
}

// cycles returns the cycles among the rows.
func (p *picture) cycles() []Cycle {
	cycles := []Cycle{}
	at := make(map[uint64]int)
	for _, info := range p.tree.Tasks {
		if info.Cycle == 0 {
			continue
		}
		i, ok := at[info.Cycle]
		if !ok {
			if len(cycles) == mostCycles {
				continue
			}
			i = len(cycles)
			at[info.Cycle] = i
			cycles = append(cycles, Cycle{ID: info.Cycle})
		}
		c := &cycles[i]
		if c.Size++; c.Size <= mostMembers {
			c.Tasks = append(c.Tasks, Ref{info.ID, info.Name})
		}
	}
	return cycles
}
