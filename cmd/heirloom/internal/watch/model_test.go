package watch_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/watch"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// A server has tasks, and answers like a real one.
type server []task.Info

func tasks(from, n int) server {
	var s server
	for i := range n {
		s = append(s, task.Info{ID: uint64(from + i), Name: fmt.Sprintf("job %d", from+i), State: task.Waiting, Waiting: "sleep"})
	}
	return s
}

func (s server) answer(r watch.Request) watch.Answer {
	if r.Stack != 0 {
		return watch.Answer{Stack: fmt.Sprintf("goroutine of %d:\nf\n\tfile.go:1\n", r.Stack)}
	}
	first := min(r.Query.Offset, len(s))
	last := min(first+r.Query.Max, len(s))
	return watch.Answer{View: taskhttp.View{
		Tree:    task.Tree{Time: time.Unix(1e9, 0), Tasks: s[first:last], States: map[task.State]int{task.Waiting: len(s)}},
		Matched: len(s), Offset: first,
	}}
}

// watched returns a model on a terminal of 10 lines that has got an answer with the
// tasks.
func watched(t *testing.T, s server) *watch.Model {
	m := &watch.Model{Name: "a program"}
	m.Resize(70, 10)
	look(t, m, s)
	return m
}

func look(t *testing.T, m *watch.Model, s server) {
	t.Helper()
	for range 3 {
		if r := m.Want(); m.Take(r, s.answer(r), time.Now()) {
			return
		}
	}
	t.Error("it wants one thing after the other")
}

func press(t *testing.T, m *watch.Model, s server, keys ...watch.Key) (last watch.Action) {
	t.Helper()
	for _, k := range keys {
		if last = m.Press(k); last == watch.Ask {
			look(t, m, s)
		}
	}
	return last
}

func shown(m *watch.Model) string {
	var b strings.Builder
	for _, l := range m.Frame() {
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}

// selected returns the line of the selected task.
func selected(m *watch.Model) string {
	for _, l := range m.Frame() {
		if l.Style == watch.Selected {
			return l.Text
		}
	}
	return ""
}

func TestModelScrolls(t *testing.T) {
	s := tasks(1, 10_000)
	m := watched(t, s)
	assert.Contains(t, shown(m), "10000 live (0 running, 10000 waiting)")
	assert.Contains(t, shown(m), "1–6 of 10000")
	tests := []struct {
		reason       string
		keys         []watch.Key
		cursor, rows string
	}{
		{"by one", []watch.Key{watch.Down, "j"}, "job 3 ", "1–6 of"},
		{"only as far as has to be", []watch.Key{"j", "j", "j", "j"}, "job 7 ", "2–7 of"},
		{"and back", []watch.Key{watch.Up, "k"}, "job 5 ", "2–7 of"},
		{"by pages", []watch.Key{watch.PageDown, " "}, "job 15 ", "10–15 of"},
		{"and back", []watch.Key{watch.PageUp}, "job 10 ", "10–15 of"},
		{"to the end", []watch.Key{watch.End}, "job 10000 ", "9995–10000 of"},
		{"which is one", []watch.Key{watch.Down, watch.PageDown}, "job 10000 ", "9995–10000 of"},
		{"to the beginning", []watch.Key{watch.Home}, "job 1 ", "1–6 of"},
		{"which is one", []watch.Key{watch.Up, watch.PageUp}, "job 1 ", "1–6 of"},
	}
	for _, tt := range tests {
		press(t, m, s, tt.keys...)
		assert.Contains(t, selected(m), tt.cursor, tt.reason)
		assert.Contains(t, shown(m), tt.rows, tt.reason)
		assert.NotContains(t, shown(m), "\n…\n", tt.reason+": all rows are known")
	}
}

// The cursor stays on its task when others come and go, and keeps its place when the
// task has ended.
func TestModelFollowsTheSelectedTask(t *testing.T) {
	m := watched(t, tasks(1, 20))
	press(t, m, tasks(1, 20), "j", "j", "j")
	require.Contains(t, selected(m), "job 4 ")
	look(t, m, tasks(3, 20))
	assert.Contains(t, selected(m), "job 4 ")
	look(t, m, tasks(10, 20))
	assert.Contains(t, selected(m), "job 11 ", "the second row, where it was")
	look(t, m, nil)
	assert.Empty(t, selected(m))
	assert.Contains(t, shown(m), "0–0 of 0")
	assert.Equal(t, watch.Stay, m.Press(watch.Enter), "there is nothing to look at")
}

// An answer about rows that the user has just left does not move the cursor back there.
func TestModelStaysWhereItGoes(t *testing.T) {
	s := tasks(1, 10_000)
	m := watched(t, s)
	late := m.Want()
	require.Equal(t, watch.Ask, m.Press(watch.End))
	assert.Contains(t, shown(m), "\n…\n", "what is not known yet")
	assert.False(t, m.Take(late, s.answer(late), time.Now()), "the rows are still to come")
	look(t, m, s)
	assert.Contains(t, selected(m), "job 10000 ")
}

func TestModelAsksTheServer(t *testing.T) {
	tests := []struct {
		reason string
		keys   []watch.Key
		want   remote.Query
	}{
		{"words", []watch.Key{"/", "a", " ", " ", "x", watch.Backspace, "é", watch.Enter}, remote.Query{Match: "a é"}},
		{"words that are thought better of", []watch.Key{"/", "a", watch.Escape}, remote.Query{}},
		{"words that are begun again", []watch.Key{"/", "a", watch.CtrlU, "b", watch.Enter}, remote.Query{Match: "b"}},
		{"letters are no commands meanwhile", []watch.Key{"/", "q", "s", watch.Down, watch.Enter}, remote.Query{Match: "qs"}},
		{"nothing to remove", []watch.Key{"/", watch.Backspace, watch.Enter}, remote.Query{}},
		{"an order", []watch.Key{"s"}, remote.Query{Sort: "age"}},
		{"the next", []watch.Key{"s", "s"}, remote.Query{Sort: "name"}},
		{"all of them", []watch.Key{"s", "s", "s", "s", "s", "s", "s"}, remote.Query{Sort: "tree"}},
		{"the other way round", []watch.Key{"s", "S"}, remote.Query{Sort: "-age"}},
		{"and back", []watch.Key{"s", "S", "S"}, remote.Query{Sort: "age"}},
		{"a tree has no other way round", []watch.Key{"S"}, remote.Query{}},
		{"a subtree", []watch.Key{"j", "r"}, remote.Query{Root: 2}},
		{"all again", []watch.Key{"s", "/", "a", watch.Enter, "j", "r", watch.Escape}, remote.Query{Sort: "age"}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			s := tasks(1, 20)
			m := watched(t, s)
			press(t, m, s, tt.keys...)
			assert.Equal(t, tt.want, m.Query)
		})
	}
}

func TestModelShowsStacks(t *testing.T) {
	s := tasks(1, 20)
	m := watched(t, s)
	press(t, m, s, "j", watch.Enter)
	assert.Equal(t, watch.Request{Stack: 2}, m.Want())
	assert.Contains(t, shown(m), "stack of #2 job 2\ngoroutine of 2:\nf\n    file.go:1\n")
	assert.False(t, m.Fail(m.Want(), fmt.Errorf("no more: %w", remote.ErrNoTask), time.Now()))
	assert.Contains(t, shown(m), "stack of #2 job 2 (it has ended)\ngoroutine of 2:")
	assert.True(t, m.Paused(), "it will not be back")
	press(t, m, s, watch.Escape)
	assert.Contains(t, selected(m), "job 2 ")
	assert.False(t, m.Paused())
	assert.Equal(t, watch.Quit, m.Press("q"))
}

func TestModelSaysThatItIsCutOff(t *testing.T) {
	s := tasks(1, 5)
	m := watched(t, s)
	at := time.Date(2001, 1, 1, 12, 3, 4, 0, time.UTC)
	for range 2 {
		assert.False(t, m.Fail(m.Want(), errors.New("no\x1bbody"), at))
		at = at.Add(time.Second)
	}
	frame := m.Frame()
	assert.Equal(t, watch.Line{Text: `! since 12:03:04: no\x1bbody; trying again`, Style: watch.Alert}, frame[1])
	assert.Contains(t, shown(m), "job 5", "what was known last stays")
	r := m.Want()
	m.Take(r, s.answer(r), at)
	assert.Contains(t, shown(m), "connected again at 12:03:06")
	m.Press("j")
	assert.NotContains(t, shown(m), "again")
}

// An answer that is no longer wanted is not shown, and the next question follows at
// once.
func TestModelTakesNoLateAnswers(t *testing.T) {
	m := watched(t, tasks(1, 20))
	late := m.Want()
	m.Press("s")
	assert.False(t, m.Take(late, tasks(50, 5).answer(late), time.Now()))
	assert.NotContains(t, shown(m), "job 50")
	assert.True(t, m.Fail(late, errors.New("nobody"), time.Now()), "as after a late failure")
}

func TestModelPausesAndHelps(t *testing.T) {
	s := tasks(1, 20)
	m := watched(t, s)
	m.Press("p")
	assert.True(t, m.Paused())
	assert.Contains(t, shown(m), "paused")
	m.Press("p")
	assert.False(t, m.Paused())
	m.Press("?")
	assert.Contains(t, shown(m), "any key: back")
	assert.Equal(t, watch.Stay, m.Press("q"))
	assert.NotContains(t, shown(m), "any key: back")
	for key, want := range map[watch.Key]watch.Action{watch.CtrlC: watch.Quit, watch.CtrlZ: watch.Suspend, watch.CtrlL: watch.Repaint} {
		assert.Equal(t, want, m.Press(key))
	}
}

// Names from another program have no effect on the terminal, and no line is too wide
// for it.
func FuzzFrame(f *testing.F) {
	f.Add("\x1b[2J\x07\u202e\u200b漢字\xff\u009b", 80, 24, "j/x")
	f.Add(strings.Repeat("漢", 100), 3, 2, "\r")
	f.Add("e\u0301\u0301", 1, 1, "?")
	f.Fuzz(func(t *testing.T, name string, width, height int, keys string) {
		width, height = width&0x1ff, height&0x7f
		info := task.Info{ID: 1, Name: name, Waiting: name, Site: name, State: task.Waiting, Depth: len(keys), Deadlock: true,
			Variables: map[string]string{name: name}}
		s := server{info, info}
		m := &watch.Model{Name: name}
		m.Resize(width, height)
		look(t, m, s)
		for _, k := range keys {
			press(t, m, s, watch.Key(k))
		}
		m.Fail(m.Want(), errors.New(name), time.Now())
		frame := m.Frame()
		require.LessOrEqual(t, len(frame), max(1, height))
		for _, l := range frame {
			require.LessOrEqual(t, display.Width(l.Text), max(1, width), "%q", l.Text)
			require.False(t, strings.ContainsFunc(l.Text, unicode.IsControl), "%q", l.Text)
			require.NotContains(t, l.Text, "\u202e")
		}
	})
}
