package watch

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

const (
	above = 3 // lines above the rows
	below = 1 // lines below them, without the tasks that ended last
	// shownFinished is how many tasks that have ended are shown if there is room.
	shownFinished = 3
	tallTerminal  = 20
)

// finished returns how many of the tasks that ended last are shown.
func (m *Model) finished() int {
	if m.height < tallTerminal {
		return 0
	}
	return min(shownFinished, len(m.view.Finished))
}

// rows returns how many rows fit.
func (m *Model) rows() int { return max(1, m.height-above-below-m.finished()) }

// Frame returns the lines to show: no more than the terminal has, and none wider than
// the terminal.
func (m *Model) Frame() []Line {
	lines := []Line{{Counts(m.Name, m.view), Bold}, m.about()}
	switch {
	case !m.known:
		lines[0].Text = display.Line(m.Name)
	case m.help:
		lines = append(lines, helpLines()...)
	case m.stack != nil:
		title := fmt.Sprintf("stack of #%d %s", m.stack.id, display.Line(m.stack.name))
		if m.stack.gone {
			title += " (it has ended)"
		}
		lines = append(lines, Line{title, Bold})
		for _, text := range m.stack.lines[min(m.stack.first, len(m.stack.lines)):] {
			lines = append(lines, Line{strings.ReplaceAll(text, "\t", "    "), Plain})
		}
	default:
		lines = append(lines, m.rowLines()...)
		for _, f := range m.view.Finished[len(m.view.Finished)-m.finished():] {
			lines = append(lines, Line{"ended: " + Ended(f), Dim})
		}
	}
	if m.height > 1 {
		lines = lines[:min(len(lines), m.height-1)]
		for len(lines) < m.height-1 {
			lines = append(lines, Line{})
		}
		lines = append(lines, m.footer())
	}
	lines = lines[:min(len(lines), m.height)]
	for i := range lines {
		lines[i].Text = display.Cut(lines[i].Text, m.width)
	}
	return lines
}

// about says what is shown, and what is wrong with it.
func (m *Model) about() Line {
	if m.trouble != "" {
		return Line{"! " + display.Line(m.trouble), Alert}
	}
	var parts []string
	if m.paused {
		parts = append(parts, "paused")
	}
	if m.Query.Match != "" {
		parts = append(parts, fmt.Sprintf("matching %q", m.Query.Match))
	}
	if m.Query.Root != 0 {
		parts = append(parts, fmt.Sprintf("in #%d", m.Query.Root))
	}
	if s := m.Query.Sort; s != "" && s != "tree" {
		parts = append(parts, "by "+s)
	}
	if m.known && m.stack == nil {
		last := min(m.first+m.rows(), m.view.Matched)
		parts = append(parts, fmt.Sprintf("%d–%d of %d", min(m.first+1, last), last, m.view.Matched))
	}
	if m.view.Unseen > 0 {
		parts = append(parts, fmt.Sprintf("%d more are not looked at", m.view.Unseen))
	}
	if m.news != "" {
		parts = append(parts, m.news)
	}
	return Line{display.Line(strings.Join(parts, " · ")), Plain}
}

func (m *Model) footer() Line {
	switch {
	case m.typing:
		return Line{"/" + display.Line(m.text) + "▏ enter: show tasks with all of these words  esc: as before", Bold}
	case m.help:
		return Line{"any key: back", Dim}
	case m.stack != nil:
		return Line{"↑↓ scroll  p pause  esc back", Dim}
	}
	return Line{"↑↓ move  / match  s S sort  enter stack  r subtree  esc all  p pause  ? help  q quit", Dim}
}

func helpLines() []Line {
	var lines []Line
	for _, text := range []string{
		"",
		"↑ ↓ j k             move",
		"page up, page down  move by a page; also b and space",
		"home, end, g, G     to the first, to the last",
		"/                   show only tasks with all of some words in their name, #ID, function,",
		"                    state, variables, what they wait for or where they were started",
		"s, S                sort by " + strings.Join(Sorts, ", ") + "; the other way round",
		"enter               where the selected task is: its stack",
		"r                   only the selected task and what is in it",
		"esc                 all tasks again",
		"p                   pause",
		"ctrl-l              paint everything again",
		"q                   quit",
	} {
		lines = append(lines, Line{text, Plain})
	}
	return lines
}

func (m *Model) rowLines() []Line {
	lines := []Line{{fmt.Sprintf(rowFormat+"NAME", "ID", "STATE", "AGE"), Dim}}
	context := make(map[uint64]bool, len(m.view.Context))
	for _, id := range m.view.Context {
		context[id] = true
	}
	rows := m.rows()
	for n := m.first; n < min(m.first+rows, m.view.Matched); n++ {
		i, ok := m.row(n)
		if !ok {
			lines = append(lines, Line{"…", Dim}) // has been asked for
			continue
		}
		info := m.view.Tasks[i]
		line := Line{m.rowText(info), Plain}
		switch {
		case n == m.cursor:
			line.Style = Selected
		case info.Deadlock:
			line.Style = Alert
		case context[info.ID]:
			line.Style = Dim
		}
		lines = append(lines, line)
	}
	for len(lines) <= rows {
		lines = append(lines, Line{})
	}
	return lines
}

const rowFormat = "%7s %-8s %7s  "

// deepest is the greatest depth for which rows are indented. Deeper rows have their
// depth as a number.
const deepest = 16

func (m *Model) rowText(info task.Info) string {
	var b strings.Builder
	fmt.Fprintf(&b, rowFormat, strconv.FormatUint(info.ID, 10), info.State, AgeOf(info, m.view.Time))
	if m.Query.Sort == "" || m.Query.Sort == "tree" {
		b.WriteString(strings.Repeat("  ", min(info.Depth, deepest)))
		if info.Depth > deepest {
			fmt.Fprintf(&b, "(%d) ", info.Depth)
		}
	}
	b.WriteString(display.Cut(display.Line(info.Name), longestName))
	if info.Waiting != "" {
		b.WriteString("  for " + display.Cut(display.Line(info.Waiting), longestName))
	}
	if info.Deadlock {
		fmt.Fprintf(&b, "  (deadlock %d: they wait for each other)", info.Cycle)
	}
	if info.Jobs != nil {
		b.WriteString("  " + info.Jobs.String())
	}
	if !info.Deadline.IsZero() {
		b.WriteString("  due in " + display.Age(info.Deadline.Sub(m.view.Time)))
	}
	for _, name := range slices.Sorted(maps.Keys(info.Variables)) {
		b.WriteString("  " + display.Line(name) + "=" + display.Line(strconv.Quote(info.Variables[name])))
	}
	if info.Site != "" {
		b.WriteString("  at " + display.Line(info.Site))
	}
	return b.String()
}

// longestName limits a name, so that a very long one does not push the rest of its line
// off the screen.
const longestName = 60

// Counts says how many tasks there are in total.
func Counts(name string, view taskhttp.View) string {
	live, states := 0, []string{}
	for _, s := range []task.State{task.Running, task.Waiting, task.Queued} {
		live += view.States[s]
		if n := view.States[s]; n > 0 || s != task.Queued {
			states = append(states, fmt.Sprintf("%d %v", n, s))
		}
	}
	return fmt.Sprintf("%s  %s  %d live (%s), %d ended", display.Line(name), view.Time.Format(time.TimeOnly),
		live, strings.Join(states, ", "), view.Ended)
}

// Ended says in a line how a task ended.
func Ended(f task.Finished) string {
	text := fmt.Sprintf("%s #%d  %s after %s", display.Cut(display.Line(f.Name), longestName), f.ID, f.State, display.Age(f.Ended.Sub(f.Started)))
	if f.Error != "" {
		first, _, _ := strings.Cut(f.Error, "\n")
		text += ": " + display.Line(first)
	}
	return text
}

// AgeOf returns the age of a task, or "" if it is not known.
func AgeOf(info task.Info, now time.Time) string {
	if info.Started.IsZero() {
		return ""
	}
	return display.Age(now.Sub(info.Started))
}
