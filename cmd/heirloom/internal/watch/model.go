// Package watch is heirloom top on a terminal: a model of the screen, which keys and
// answers change, and the loop that asks for answers and paints.
package watch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// A Request is a question of a model.
type Request struct {
	Query remote.Query
	Stack uint64 // the task to show the stack of instead, or 0
}

// An Answer is the answer to a Request.
type Answer struct {
	View  taskhttp.View
	Stack string
}

// A Model is what the screen shows, and the user's position in it.
type Model struct {
	Name          string // of the program
	Query         remote.Query
	width, height int

	view   taskhttp.View
	known  bool   // whether there is a view
	cursor int    // the number of the selected row, among all rows
	id     uint64 // of the task in that row
	first  int    // the number of the row at the top, among all rows

	typing  bool   // whether keys are text
	text    string // the words typed so far
	stack   *stack // is shown instead of rows, unless nil
	help    bool
	paused  bool
	trouble string // why there is no newer view, or ""
	news    string
}

// A stack is the stack of one task.
type stack struct {
	id    uint64
	name  string
	lines []string
	first int
	gone  bool // the task has ended
}

// Sorts are the keys by which rows can be sorted. The key s goes through them in this
// order.
var Sorts = []string{"tree", "age", "name", "state", "waiting", "deadline", "id"}

// An Action is what a key asks for beyond a change of the model.
type Action int

// The actions.
const (
	Stay    Action = iota
	Ask            // the request has changed
	Repaint        // another program may have written to the terminal
	Suspend        // stop, until the shell continues us
	Quit
)

// Resize sets the size of the terminal, and reports whether it has changed.
func (m *Model) Resize(width, height int) bool {
	width, height = max(width, 1), max(height, 1)
	if m.width == width && m.height == height {
		return false
	}
	m.width, m.height = width, height
	m.move(0)
	return true
}

// Want returns the request: the rows that are on the terminal, and as many before them
// and after them.
func (m *Model) Want() Request {
	if m.stack != nil {
		return Request{Stack: m.stack.id}
	}
	q := m.Query
	rows := m.rows()
	q.Offset = max(0, m.first-rows)
	q.Max = max(1, 3*rows)
	return Request{Query: q}
}

// Paused reports whether no new view is wanted.
func (m *Model) Paused() bool { return m.paused || m.stack != nil && m.stack.gone }

// Press handles a key.
func (m *Model) Press(k Key) Action {
	m.news = ""
	switch {
	case k == CtrlC:
		return Quit
	case k == CtrlZ:
		return Suspend
	case k == CtrlL:
		return Repaint
	case m.typing:
		return m.typed(k)
	case m.help:
		m.help = false
		return Stay
	case m.stack != nil:
		return m.pressInStack(k)
	}
	return m.pressInRows(k)
}

func (m *Model) typed(k Key) Action {
	switch {
	case k == Enter:
		m.typing = false
		return m.ask(func(q *remote.Query) { q.Match = strings.Join(strings.Fields(m.text), " ") })
	case k == Escape:
		m.typing = false
	case k == CtrlU:
		m.text = ""
	case k == Backspace:
		_, size := utf8.DecodeLastRuneInString(m.text)
		m.text = m.text[:len(m.text)-size]
	case utf8.RuneCountInString(string(k)) == 1 && len(m.text) < longestMatch:
		m.text += string(k)
	}
	return Stay
}

// longestMatch is what a server accepts, and longer than a line.
const longestMatch = 250

func (m *Model) pressInRows(k Key) Action {
	page := max(1, m.rows()-1)
	steps := map[Key]int{Up: -1, "k": -1, Down: 1, "j": 1, PageUp: -page, "b": -page, PageDown: page, " ": page}
	if step, ok := steps[k]; ok {
		return m.move(step)
	}
	switch k {
	case "q":
		return Quit
	case Home, "g":
		return m.move(-m.cursor)
	case End, "G":
		return m.move(m.view.Matched)
	case "/":
		m.typing, m.text = true, m.Query.Match
	case "s":
		i := slices.Index(Sorts, strings.TrimPrefix(m.Query.Sort, "-")) // -1 for no sort, which is the first
		return m.ask(func(q *remote.Query) { q.Sort = Sorts[(max(i, 0)+1)%len(Sorts)] })
	case "S":
		return m.ask(func(q *remote.Query) {
			if key, reversed := strings.CutPrefix(q.Sort, "-"); reversed {
				q.Sort = key
			} else if key != "" && key != "tree" {
				q.Sort = "-" + key
			}
		})
	case "r":
		return m.ask(func(q *remote.Query) { q.Root = m.id })
	case Escape:
		return m.ask(func(q *remote.Query) { q.Match, q.Root = "", 0 })
	case Enter:
		if i, ok := m.row(m.cursor); ok {
			m.stack = &stack{id: m.view.Tasks[i].ID, name: m.view.Tasks[i].Name}
			return Ask
		}
	case "p":
		m.paused = !m.paused
		return Ask
	case "?", "h":
		m.help = true
	}
	return Stay
}

func (m *Model) pressInStack(k Key) Action {
	s := m.stack
	page := max(1, m.height-3)
	steps := map[Key]int{Up: -1, "k": -1, Down: 1, "j": 1, PageUp: -page, "b": -page, PageDown: page, " ": page,
		Home: -s.first, "g": -s.first, End: len(s.lines), "G": len(s.lines)}
	switch k {
	case "q", Escape, Enter, Backspace:
		m.stack = nil
		return Ask
	case "p":
		m.paused = !m.paused
		return Ask
	}
	s.first = max(0, min(s.first+steps[k], len(s.lines)-page))
	return Stay
}

// ask changes the query, and shows its rows from the beginning.
func (m *Model) ask(change func(*remote.Query)) Action {
	before := m.Query
	change(&m.Query)
	if m.Query == before {
		return Stay
	}
	m.cursor, m.first, m.id = 0, 0, 0
	return Ask
}

// move moves the cursor, and the rows so that the cursor is visible. It asks for rows
// that are not known.
func (m *Model) move(by int) Action {
	if m.known {
		m.cursor = max(0, min(m.cursor+by, m.view.Matched-1))
	}
	rows := m.rows()
	m.first = max(0, min(m.first, m.cursor), m.cursor-rows+1)
	m.first = min(m.first, max(0, m.view.Matched-rows))
	m.id = 0
	if i, ok := m.row(m.cursor); ok {
		m.id = m.view.Tasks[i].ID
	}
	last := min(m.first+rows, m.view.Matched)
	if m.first < m.view.Offset || last > m.view.Offset+len(m.view.Tasks) {
		return Ask
	}
	return Stay
}

// row returns the index among the known rows of a row that has the given number among
// all.
func (m *Model) row(n int) (i int, ok bool) {
	i = n - m.view.Offset
	return i, i >= 0 && i < len(m.view.Tasks)
}

// Take handles an answer. It reports whether the answer is still wanted.
func (m *Model) Take(to Request, a Answer, now time.Time) bool {
	if m.trouble != "" {
		m.news = "connected again at " + now.Format(time.TimeOnly)
	}
	m.trouble = ""
	if !m.wants(to) {
		return false
	}
	if m.stack != nil {
		m.stack.lines = strings.Split(strings.TrimSuffix(display.Lines(a.Stack), "\n"), "\n")
		return true
	}
	before := m.cursor
	m.view, m.known = a.View, true
	for i := range m.view.Tasks {
		if m.view.Tasks[i].ID == m.id && m.id != 0 {
			m.cursor = m.view.Offset + i // rows above it have come or gone
		}
	}
	m.first += m.cursor - before
	return m.move(0) == Stay || to == m.Want()
}

// wants reports whether the answer to a request is still of use, for any rows.
func (m *Model) wants(to Request) bool {
	now := m.Want()
	now.Query.Offset, now.Query.Max = to.Query.Offset, to.Query.Max
	return to == now
}

// Fail records why there is no answer. It reports whether the answer to another
// question is wanted at once.
func (m *Model) Fail(to Request, err error, now time.Time) (other bool) {
	switch {
	case errors.Is(err, remote.ErrNoTask):
		if m.wants(to) && m.stack != nil {
			m.stack.gone = true
		}
	case m.trouble == "":
		m.trouble = fmt.Sprintf("since %s: %v; trying again", now.Format(time.TimeOnly), err)
	}
	return !m.wants(to)
}
