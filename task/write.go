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

// WriteTree writes the live tasks to w as a tree, one per line: name, ID,
// state, age, what the task waits for, where it was started if that was
// recorded, and the selected variables. Tasks below a certain depth are
// indented no further, and their depth is printed instead. The text is for
// people and may change; programs should use [Snapshot]. WriteTree mirrors
// Python 3.14's python -m asyncio pstree, but shows the program that calls it.
func WriteTree(w io.Writer, opts ...ViewOption) error { return Snapshot(opts...).Write(w) }

// Write writes t to w as [WriteTree] does.
func (t Tree) Write(w io.Writer) error {
	shown := lines{kinds: make(map[uint64]Kind), below: make(map[uint64][]*Info)}
	for _, info := range t.Tasks {
		shown.kinds[info.ID] = info.Kind
	}
	for i := range t.Tasks {
		info := &t.Tasks[i]
		in := info.Parent
		if shown.kinds[in] == "" {
			in = 0 // it is in something that is not shown
		}
		shown.below[in] = append(shown.below[in], info)
	}
	b := bufio.NewWriter(w)
	for _, top := range shown.below[0] {
		t.write(b, top, 0, "", "", shown)
	}
	if t.Omitted > 0 {
		fmt.Fprintf(b, "… and %d more\n", t.Omitted)
	}
	return b.Flush()
}

// lines holds the text to write.
type lines struct {
	kinds map[uint64]Kind    // by ID
	below map[uint64][]*Info // the nodes in each
}

// deepest is the depth up to which lines are indented. Further indentation
// would take more and more space in each line, and no screen is wide enough.
const deepest = 24

// write writes info and what is below it. first is the start of its own line,
// and rest that of the lines below.
func (t Tree) write(b *bufio.Writer, info *Info, depth int, first, rest string, shown lines) {
	b.WriteString(first)
	if depth > deepest {
		fmt.Fprintf(b, "(%d) ", depth)
	}
	t.line(b, info, shown.kinds)
	children := shown.below[info.ID]
	for i, c := range children {
		last := i == len(children)-1
		switch {
		case depth >= deepest:
			t.write(b, c, depth+1, rest, rest, shown)
		case last:
			t.write(b, c, depth+1, rest+"└── ", rest+"    ", shown)
		default:
			t.write(b, c, depth+1, rest+"├── ", rest+"│   ", shown)
		}
	}
}

// line writes info alone.
func (t Tree) line(b *bufio.Writer, info *Info, kinds map[uint64]Kind) {
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
		b.WriteString("  for " + plain(info.Waiting) + whichOnes(info, kinds))
	}
	if !info.Deadline.IsZero() {
		if left := info.Deadline.Sub(t.Time); left > 0 {
			fmt.Fprintf(b, "  deadline in %s", age(left))
		} else {
			fmt.Fprintf(b, "  deadline %s ago", age(-left))
		}
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

// whichOnes returns the IDs of what info waits for, unless its name contains
// them.
func whichOnes(info *Info, kinds map[uint64]Kind) string {
	const few = 4
	ids := info.WaitsFor
	switch {
	case len(ids) == 0 || kinds[ids[0]] == KindCall || strings.HasSuffix(info.Waiting, fmt.Sprintf("-%d", ids[0])):
		return ""
	case len(ids) == 1:
		return fmt.Sprintf(" #%d", ids[0])
	}
	var b strings.Builder
	for i, id := range ids[:min(few, len(ids))] {
		b.WriteString([]string{" (", ", "}[min(i, 1)] + fmt.Sprintf("#%d", id))
	}
	if more := info.WaitsForMore + len(ids) - few; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String() + ")"
}

// plain returns s. If s has characters that would affect a terminal or the
// surrounding lines, it is quoted.
func plain(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// age rounds d to a precision that is useful to people.
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
