package taskhttp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/heirloom-go/heirloom/task"
)

// A query is what a client asks for.
type query struct {
	match  string // words in lower case, with a space between two
	root   uint64 // 0 for all
	sort   string // a key of orders, or "tree"
	desc   bool
	max    int // negative for the default
	offset int
	plots  bool
	graph  uint64 // 0 for none
}

// usualMax is how many rows are served unless asked otherwise.
const usualMax = 2000

// mostWords bounds what one client's search costs, in bytes.
const mostWords = 1024

func parseQuery(values url.Values) (q query, err error) {
	q.match = strings.Join(strings.Fields(strings.ToLower(values.Get("match"))), " ")
	if len(q.match) > mostWords {
		return q, fmt.Errorf("match is longer than %d bytes", mostWords)
	}
	key, desc := strings.CutPrefix(values.Get("sort"), "-")
	q.sort, q.desc = cmp.Or(key, "tree"), desc
	if _, ok := orders[q.sort]; !ok && (q.sort != "tree" || desc) {
		return q, fmt.Errorf("there is no such sort; use tree, %s, or one of the latter with a - in front",
			strings.Join(slices.Sorted(maps.Keys(orders)), ", "))
	}
	if q.root, err = idOf(values, "root"); err != nil {
		return q, err
	}
	if q.graph, err = idOf(values, "graph"); err != nil {
		return q, err
	}
	if q.max, err = rowsOf(values, "max", -1); err != nil {
		return q, err
	}
	if q.offset, err = rowsOf(values, "offset", 0); err != nil {
		return q, err
	}
	switch values.Get("plots") {
	case "", "0":
	case "1":
		q.plots = true
	default:
		return q, fmt.Errorf("plots is neither 0 nor 1")
	}
	return q, nil
}

// idOf returns an ID, or 0 if there is none.
func idOf(values url.Values, name string) (uint64, error) {
	text := values.Get(name)
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not the ID of a task", name)
	}
	return id, nil
}

// rowsOf returns a number of rows.
func rowsOf(values url.Values, name string, unless int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return unless, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is not a number of rows", name)
	}
	return n, nil
}

// orders has the keys by which rows can be sorted. Rows without the key come last.
var orders = map[string]func(a, b *task.Info) int{
	"id":    func(a, b *task.Info) int { return cmp.Compare(a.ID, b.ID) },
	"name":  func(a, b *task.Info) int { return strings.Compare(a.Name, b.Name) },
	"state": func(a, b *task.Info) int { return cmp.Compare(a.State, b.State) },
	"age": func(a, b *task.Info) int {
		return firstThat(!a.Started.IsZero(), !b.Started.IsZero(), a.Started.Compare(b.Started))
	},
	"deadline": func(a, b *task.Info) int {
		return firstThat(!a.Deadline.IsZero(), !b.Deadline.IsZero(), a.Deadline.Compare(b.Deadline))
	},
	"waiting": func(a, b *task.Info) int {
		return firstThat(a.Waiting != "", b.Waiting != "", strings.Compare(a.Waiting, b.Waiting))
	},
}

// firstThat returns c if both or neither have the property, and otherwise the order in
// which the one that has it comes first.
func firstThat(a, b bool, c int) int {
	switch {
	case a == b:
		return c
	case a:
		return -1
	}
	return 1
}

// text returns the text of a row that is searched. Text that is shown with escapes,
// because it would affect a terminal, is found in that form too.
func text(info *task.Info, more string) string {
	var b strings.Builder
	escaped := func(label, part string) {
		if strings.ContainsFunc(part, func(r rune) bool { return !strconv.IsPrint(r) }) {
			b.WriteString("\n" + label + strconv.Quote(part))
		}
	}
	b.WriteString(info.Name)
	b.WriteString(" #" + strconv.FormatUint(info.ID, 10))
	for _, part := range []string{info.State.String(), info.Function, info.Waiting, info.Site, more} {
		if part != "" {
			b.WriteString("\n" + part)
			escaped("", part)
		}
	}
	escaped("", info.Name)
	if info.Deadlock {
		b.WriteString("\ndeadlock")
	}
	for name, value := range info.Variables {
		b.WriteString("\n" + name + "=" + value)
		escaped(name+"=", value)
	}
	return strings.ToLower(b.String())
}

func (q query) matches(text string) bool {
	for word := range strings.FieldsSeq(q.match) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// answer returns the View of p that q asks for.
func (p *picture) answer(q query) View {
	from, to := 0, len(p.tree.Tasks)
	if q.root != 0 {
		from, to = p.subtree(q.root)
	}
	rows, isContext := p.find(q, from, to)
	v := View{Tree: p.tree, Ended: p.ended, Interval: p.interval.Milliseconds(), Matched: len(rows), Offset: min(q.offset, len(rows))}
	v.Unseen = p.tree.Omitted
	rows = rows[v.Offset:]
	most := q.max
	if most < 0 {
		most = usualMax
	}
	rows = rows[:min(most, len(rows))]
	v.Omitted = v.Matched - len(rows) + v.Unseen
	v.Tasks = make([]task.Info, len(rows))
	for i, r := range rows {
		v.Tasks[i] = p.tree.Tasks[r]
		if q.root != 0 {
			v.Tasks[i].Depth -= p.tree.Tasks[from].Depth
		}
		if isContext[r] {
			v.Context = append(v.Context, v.Tasks[i].ID)
		}
	}
	v.Finished = p.finishedOf(q, p.tree.Tasks[from:to])
	v.Cycles = p.cycles()
	if q.graph != 0 {
		v.Graph = p.graph(q.graph)
	}
	return v
}

// subtree returns the indexes at which the rows of the subtree begin and end. Each row
// comes after the row that it is in.
func (p *picture) subtree(root uint64) (from, to int) {
	rows := p.tree.Tasks
	from = slices.IndexFunc(rows, func(i task.Info) bool { return i.ID == root })
	if from < 0 {
		return 0, 0
	}
	to = from + 1
	for to < len(rows) && rows[to].Depth > rows[from].Depth {
		to++
	}
	return from, to
}

// find returns the rows between two indexes that q selects, in its order. In the order of
// the tree, it includes the rows around those that match.
func (p *picture) find(q query, from, to int) (found []int, isContext map[int]bool) {
	rows := p.tree.Tasks
	if q.sort != "tree" {
		for i := from; i < to; i++ {
			if p.matches(q, i) {
				found = append(found, i)
			}
		}
		order := orders[q.sort]
		slices.SortStableFunc(found, func(a, b int) int {
			if q.desc {
				a, b = b, a
			}
			return order(&rows[a], &rows[b])
		})
		return found, nil
	}
	isContext = make(map[int]bool)
	var above []int // the rows around the current one, except those that were found already
	for i := from; i < to; i++ {
		for len(above) > 0 && rows[above[len(above)-1]].Depth >= rows[i].Depth {
			above = above[:len(above)-1]
		}
		if !p.matches(q, i) {
			above = append(above, i)
			continue
		}
		for _, a := range above {
			isContext[a] = true
		}
		found = append(append(found, above...), i)
		above = above[:0]
	}
	return found, isContext
}

// matches reports whether q selects a row.
func (p *picture) matches(q query, row int) bool {
	if q.match == "" {
		return true
	}
	p.index.Do(func() {
		p.texts = make([]string, len(p.tree.Tasks))
		for i := range p.tree.Tasks {
			p.texts[i] = text(&p.tree.Tasks[i], "")
		}
	})
	return q.matches(p.texts[row])
}

// finishedOf returns the ended tasks that q selects. The live rows determine which of them
// were in its root.
func (p *picture) finishedOf(q query, rows []task.Info) []task.Finished {
	in := make(map[uint64]bool)
	if q.root != 0 {
		for i := range rows {
			in[rows[i].ID] = true
		}
	}
	kept := []task.Finished{}
	for i := range p.finished {
		f := &p.finished[i]
		if (q.root == 0 || in[f.Parent]) && (q.match == "" || q.matches(text(&f.Info, f.Error))) {
			kept = append(kept, *f)
		}
	}
	return kept
}

// encode returns v as JSON.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		// v has only strings, numbers and times, which can always be encoded.
		panic(fmt.Sprintf("taskhttp: %v", err))
	}
	return text
}
