package task

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WriteTree writes the live tasks to w as a tree, one line each: name, ID, state,
// age, what it waits for, where it was started if that is noted, and variables if
// asked. What is very deep is indented no further, and says how deep it is. It
// mirrors Python 3.14's python -m asyncio pstree, from within. The text is for
// people and may change; for programs there is [Snapshot].
func WriteTree(w io.Writer, opts ...ViewOption) error { return Snapshot(opts...).Write(w) }

// Write writes t to w as [WriteTree] does.
func (t Tree) Write(w io.Writer) error {
	below := make(map[uint64][]*Info)
	for i := range t.Tasks {
		info := &t.Tasks[i]
		below[info.Parent] = append(below[info.Parent], info)
	}
	b := bufio.NewWriter(w)
	for _, top := range below[0] {
		t.write(b, top, 0, "", "", below)
	}
	if t.Omitted > 0 {
		fmt.Fprintf(b, "… and %d more\n", t.Omitted)
	}
	return b.Flush()
}

// deepest is how deep lines are indented. Below, it would take more and more for
// each, and no screen is as wide.
const deepest = 24

// write writes info and what is below it. first begins its own line and rest
// those below.
func (t Tree) write(b *bufio.Writer, info *Info, depth int, first, rest string, below map[uint64][]*Info) {
	b.WriteString(first)
	if depth > deepest {
		fmt.Fprintf(b, "(%d) ", depth)
	}
	t.line(b, info)
	children := below[info.ID]
	for i, c := range children {
		last := i == len(children)-1
		switch {
		case depth >= deepest:
			t.write(b, c, depth+1, rest, rest, below)
		case last:
			t.write(b, c, depth+1, rest+"└── ", rest+"    ", below)
		default:
			t.write(b, c, depth+1, rest+"├── ", rest+"│   ", below)
		}
	}
}

// line writes info alone.
func (t Tree) line(b *bufio.Writer, info *Info) {
	b.WriteString(plain(info.Name))
	if info.Kind == KindCall {
		fmt.Fprintf(b, "  %v\n", info.Jobs)
		return
	}
	if id := strconv.FormatUint(info.ID, 10); !strings.HasSuffix(info.Name, "-"+id) {
		b.WriteString(" #" + id)
	}
	fmt.Fprintf(b, "  %s  %s", info.State, age(t.Time.Sub(info.Started)))
	if info.Waiting != "" {
		b.WriteString("  for " + plain(info.Waiting))
	}
	if info.Deadlock {
		b.WriteString("  (deadlock: they wait for each other)")
	}
	if info.Site != "" {
		b.WriteString("  at " + plain(info.Site))
	}
	for _, name := range slices.Sorted(maps.Keys(info.Variables)) {
		fmt.Fprintf(b, "  %s=%q", name, info.Variables[name])
	}
	b.WriteByte('\n')
}

// plain returns s, or, if it has characters that would do something to a terminal
// or to the lines around, quotes it.
func plain(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// age rounds d to what people tell apart.
func age(d time.Duration) time.Duration {
	switch {
	case d < 0:
		return 0
	case d < time.Second:
		return d.Round(time.Millisecond)
	case d < time.Minute:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}
