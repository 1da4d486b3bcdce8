package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// A table of docs/performance.md compares contenders in several scenarios.
type table struct {
	id         string   // of its place in the document, and the file name of the plot
	title      string   // of the plot
	baseline   string   // the first contender
	contenders []string // the others
	scenarios  []scenario
}

type scenario struct {
	title string // the head of the column
	bench string // the name of the benchmark, up to the contender's
}

var tables = []table{
	{
		id:         "gather-jobs",
		title:      "Functions run at once, time relative to errgroup",
		baseline:   "errgroup",
		contenders: []string{"gather.All", "gather.Group", "conc", "pond", "ants"},
		scenarios: []scenario{
			{"1 job", "Jobs/jobs=1"},
			{"10 jobs", "Jobs/jobs=10"},
			{"1,000 jobs", "Jobs/jobs=1000"},
		},
	},
	{
		id:         "gather-items",
		title:      "100,000 items, 8 at once, time relative to errgroup",
		baseline:   "errgroup",
		contenders: []string{"gather.Map", "gather.Stream", "gather.Group", "conc/iter", "conc/pool", "pond", "ants"},
		scenarios: []scenario{
			{"no work", "Items/work=0s"},
			{"1 µs", "Items/work=1µs"},
			{"100 µs", "Items/work=100µs"},
		},
	},
	{
		id:         "ctxvar-peers",
		title:      "Values of a goroutine, time relative to passing them by hand",
		baseline:   "by hand",
		contenders: []string{"ctxvar", "ctxvar" + exactly, "timandy/routine", "jtolds/gls", "cloudwego/localsession", "goid+sync.Map"},
		scenarios: []scenario{
			{"Get", "LocalsGet"},
			{"Set", "LocalsSet"},
			{"goroutine that inherits", "LocalsSpawn"},
		},
	},
	{
		id:         "python",
		title:      "The same in Python and in Go, time relative to CPython",
		baseline:   "CPython",
		contenders: []string{"heirloom", "heirloom" + exactly},
		scenarios: []scenario{
			{"`get`", "Python/op=get"},
			{"`set`, `reset`", "Python/op=set"},
			{"`Context.run`", "Python/op=run"},
			{"`create_task`, `await`", "Python/op=task"},
			{"`TaskGroup` of 100", "Python/op=group"},
			{"`gather` of 1,000", "Python/op=gather"},
		},
	},
}

// byHand is the name of the baseline in scenarios that call it differently.
var byHand = map[string]string{
	"LocalsGet":   "context.Value",
	"LocalsSet":   "context.WithValue",
	"LocalsSpawn": "go-with-an-argument",
}

// of returns the name of a contender's benchmark in the scenario.
func (sc scenario) of(contender string) string {
	if contender == "by hand" {
		contender = byHand[sc.bench]
	}
	return sc.bench + "/" + contender
}

// writeTables puts the tables that have results into their places in the document, each
// between two comments.
func writeTables(path string, s series) error {
	doc, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(doc)
	put := func(id, table string) {
		if err == nil && table != "" {
			text, err = place(text, id, table)
		}
	}
	for _, t := range withResults(s) {
		put(t.id, t.markdown(s))
	}
	for _, l := range lists {
		put(l.id, l.markdown(s))
	}
	put("sizes", sizesTable(s))
	if err != nil {
		return fmt.Errorf("%s %w", path, err)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// place puts the table with the given id into its place in the text.
func place(text, id, table string) (string, error) {
	begin, end := "<!-- report: "+id+" -->\n", "<!-- end of report -->"
	head, rest, ok := strings.Cut(text, begin)
	if !ok {
		return "", fmt.Errorf("has no place for %s", id)
	}
	_, tail, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("has no end of the place for %s", id)
	}
	return head + begin + table + end + tail, nil
}

// withResults returns the tables that have results, with just the scenarios that do.
func withResults(s series) (some []table) {
	for _, t := range tables {
		t.scenarios = slices.DeleteFunc(slices.Clone(t.scenarios), func(sc scenario) bool {
			_, ok := s.best(sc.of(t.baseline), "ns/op")
			return !ok
		})
		if len(t.scenarios) > 0 {
			some = append(some, t)
		}
	}
	return some
}

// markdown returns the table. The row of the baseline has the time of an operation, and
// the others have ratios to it, of time and, in brackets, of processor time.
func (t table) markdown(s series) string {
	var b strings.Builder
	row := func(first string, cells func(scenario) string) {
		b.WriteString("| " + first + " |")
		for _, sc := range t.scenarios {
			b.WriteString(" " + cells(sc) + " |")
		}
		b.WriteByte('\n')
	}
	row("", func(sc scenario) string { return sc.title })
	row("---", func(scenario) string { return "---:" })
	row(label(t.baseline), func(sc scenario) string {
		ns, _ := s.best(sc.of(t.baseline), "ns/op")
		return "1 = " + duration(ns)
	})
	for _, c := range t.contenders {
		row(label(c), func(sc scenario) string {
			wall, ok := s.ratio(sc.of(c), sc.of(t.baseline), "ns/op")
			if !ok {
				return ""
			}
			cell := bold(wall)
			if cpu, ok := s.ratio(sc.of(c), sc.of(t.baseline), "cpu-ns/op"); ok {
				cell += " (" + ratio(cpu) + ")"
			}
			return cell
		})
	}
	row("*allocations*", func(scenario) string { return "" })
	for _, c := range append([]string{t.baseline}, t.contenders...) {
		if _, ok := s.best(t.scenarios[0].of(c), "allocs/op"); !ok {
			continue
		}
		row(label(c), func(sc scenario) string {
			n, ok := s.best(sc.of(c), "allocs/op")
			if !ok {
				return ""
			}
			return fmt.Sprintf("%.0f", n)
		})
	}
	return b.String()
}

// label returns the name of a contender in the document.
func label(contender string) string {
	if name, ok := strings.CutSuffix(contender, exactly); ok {
		return name + ", exact mode"
	}
	return contender
}

// bold returns a ratio of times in bold, since readers look for these.
func bold(r float64) string { return "**" + ratio(r) + "**" }

func ratio(r float64) string {
	if r < 0.1 {
		return fmt.Sprintf("%.3f", r)
	}
	if r < 10 {
		return fmt.Sprintf("%.2f", r)
	}
	return fmt.Sprintf("%.0f", r)
}

func duration(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.3g ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	case ns < 1e9:
		return fmt.Sprintf("%.3g ms", ns/1e6)
	default:
		return fmt.Sprintf("%.3g s", ns/1e9)
	}
}
