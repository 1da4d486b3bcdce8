package main

import (
	"fmt"
	"slices"
	"strings"
)

// A list is a table of docs/performance.md that has a row for each benchmark, with the
// row's own baseline.
type list struct {
	id   string // of its place in the document
	aims bool   // its rows have aims
	rows []item
}

// An item is a row. In the row of a baseline, bench is the baseline too.
type item struct {
	title    string
	bench    string // the name of the benchmark
	baseline string // that of its baseline
	aim      string // the aim for the ratio, as in the document
}

// against returns the rows of benchmarks with the same baseline, given as pairs of
// title and name. The first row is that of the baseline.
func against(title, baseline string, pairs ...string) []item {
	rows := []item{{title: title, bench: baseline, baseline: baseline}}
	for i := 0; i < len(pairs); i += 2 {
		rows = append(rows, item{title: pairs[i], bench: pairs[i+1], baseline: baseline})
	}
	return rows
}

var lists = []list{
	{id: "aims", aims: true, rows: []item{
		{"`Set` and `Reset` / `context.WithValue`", "ctxvar.SetReset/vars=1", "ctxvar.ContextWithValue/computed", "1.5"},
		{"the same with 1,000 variables set", "ctxvar.SetReset/vars=1000", "ctxvar.ContextWithValue/computed", "1.5"},
		{"`Get`, 1 variable set / `context.Value` one deep", "ctxvar.Get/vars=1", "ctxvar.ContextValue/depth=1", "1.0"},
		{"`Get`, 10 set", "ctxvar.Get/vars=10", "ctxvar.ContextValue/depth=1", "1.0"},
		{"`Get`, 1,000 set", "ctxvar.Get/vars=1000", "ctxvar.ContextValue/depth=1", "1.3"},
		{"`gather.Group` of 1 / errgroup", "Jobs/jobs=1/gather.Group", "Jobs/jobs=1/errgroup", "0.8"},
		{"`gather.Group` of 10", "Jobs/jobs=10/gather.Group", "Jobs/jobs=10/errgroup", "0.8"},
		{"`gather.Group` of 1,000", "Jobs/jobs=1000/gather.Group", "Jobs/jobs=1000/errgroup", "0.35"},
		{"`gather.Group`, 100,000 empty items, eight at once / errgroup", "Items/work=0s/gather.Group", "Items/work=0s/errgroup", "0.4"},
		{"`gather.All` of one function / ants", "Jobs/jobs=1/gather.All", "Jobs/jobs=1/ants", "1.1"},
		{"`gather.Stream`, 1 µs, eight at once / errgroup", "Items/work=1µs/gather.Stream", "Items/work=1µs/errgroup", "0.6"},
		{"`gather.Map`, empty items / conc's iter", "Items/work=0s/gather.Map", "Items/work=0s/conc/iter", "1.0"},
		{"`task.Go` and `Await` in a `Run` / `go` and a channel", "task.GoAwait/live=32MB/task_in_Run", "task.GoAwait/live=32MB/go+channel", "1.5"},
		{"the same on two processors under one parent", "task.Parallel/task", "task.Parallel/go+channel", "1.6"},
		{"`task.Group` of 100 / `sync.WaitGroup`", "task.Group/Group", "task.Group/WaitGroup", "1.6"},
		{"a request through `ctxhttp.Middleware` / by ctx keys", "ctxhttp.Server/variables", "ctxhttp.Server/context", "1.03"},
		{"`ctxslog` / the same handler with ctx keys", "ctxslog.Handler/flat/variable", "ctxslog.Handler/flat/context", "1.1"},
		{"`ctxsql.InTx` / by hand", "ctxsql.Transaction/InTx", "ctxsql.Transaction/by_hand", "1.3"},
	}},
	{id: "ctxvar", rows: against("`context.Value`, depth 1", "ctxvar.ContextValue/depth=1",
		"`context.Value`, depth 5", "ctxvar.ContextValue/depth=5",
		"`context.Value`, depth 20", "ctxvar.ContextValue/depth=20",
		"`Get`, 1 variable set", "ctxvar.Get/vars=1",
		"`Get`, 10 set", "ctxvar.Get/vars=10",
		"`Get`, 100 set", "ctxvar.Get/vars=100",
		"`Get`, 1,000 set", "ctxvar.Get/vars=1000",
		"`Get`, none set", "ctxvar.Get/unset",
		"`Copy`, 1 set", "ctxvar.Copy/vars=1",
		"`Copy`, 1,000 set", "ctxvar.Copy/vars=1000",
		"`NewContext`, 1 set", "ctxvar.NewContext/vars=1",
		"`context.WithValue` of a constant", "ctxvar.ContextWithValue/constant",
		"`context.WithValue` of a computed value", "ctxvar.ContextWithValue/computed",
		"`With`, 1 set", "ctxvar.With/vars=1",
		"`Set` and `Reset`, 1 set", "ctxvar.SetReset/vars=1",
		"`Set` and `Reset`, 10 set", "ctxvar.SetReset/vars=10",
		"`Set` and `Reset`, 1,000 set", "ctxvar.SetReset/vars=1000",
		"`Context.Run`, 1 set", "ctxvar.Run/vars=1",
		"`Context.Run`, 1,000 set", "ctxvar.Run/vars=1000",
		"`pprof.Do`, a foreign ctx", "ctxvar.Labels/Do/foreign",
		"`pprof.Do`, a ctx of ours", "ctxvar.Labels/Do/ours/1",
		"`pprof.Do`, a ctx of ours in 10 `NewContext`", "ctxvar.Labels/Do/ours/10",
		"`pprof.Do`, a ctx of ours in 100 `NewContext`", "ctxvar.Labels/Do/ours/100",
		"`pprof.Do`, a ctx of ours, and a `Get` in it", "ctxvar.Labels/Do/ours+Get",
		"`ctxvar.Do`", "ctxvar.Do/ctxvar.Do",
		"`go`, and the wait for its end, no variable set", "ctxvar.Go/bare",
		"`go`, 1 set", "ctxvar.Go/vars=1",
		"`go`, 1,000 set", "ctxvar.Go/vars=1000",
	)},
	{id: "task", rows: slices.Concat(
		against("`go` and a channel", "task.GoAwait/live=32MB/go+channel",
			"`Go` and `Await`", "task.GoAwait/live=32MB/task",
			"`Go` and `Await` in a `Run`", "task.GoAwait/live=32MB/task_in_Run"),
		against("on two processors: `go` and a channel", "task.Parallel/go+channel",
			"`Go` and `Await`, each processor with a parent of its own", "task.Parallel/task,_each_with_a_parent_of_its_own",
			"`Go` and `Await`, one parent for all", "task.Parallel/task"),
		against("a hundred together: `sync.WaitGroup`", "task.Group/WaitGroup",
			"`Group`", "task.Group/Group"),
		against("to be completed: a channel", "task.Promise/channel",
			"`Promise`", "task.Promise/promise"),
		against("a thousand cancelled: `context.WithCancel` and `go`", "task.Cancel/context",
			"`Go` and `Cancel`", "task.Cancel/task"),
		against("`Snapshot` of 100 of 1,000 tasks", "task.Snapshot/tasks=1000",
			"of 100 of 100,000 tasks", "task.Snapshot/tasks=100000"),
		against("a failed function run again: suture", "Restart/suture",
			"`supervise.Run`", "Restart/supervise"),
	)},
	{id: "adapters", rows: slices.Concat(
		against("a request over loopback, values by ctx keys", "ctxhttp.Server/context",
			"by `ctxhttp.Middleware`", "ctxhttp.Server/variables"),
		against("the middleware alone, by ctx keys", "ctxhttp.Middleware/context",
			"`ctxhttp.Middleware`", "ctxhttp.Middleware/variables"),
		against("a log record, its ID by a ctx key", "ctxslog.Handler/flat/context",
			"by `ctxslog`", "ctxslog.Handler/flat/variable",
			"by `ctxslog`, from a snapshot", "ctxslog.Handler/flat/snapshot"),
		against("a transaction by hand", "ctxsql.Transaction/by_hand",
			"`ctxsql.InTx`", "ctxsql.Transaction/InTx"),
	)},
}

// measured reports whether the row and its baseline have results.
func (it item) measured(s series) bool {
	_, ok := s.ratio(it.bench, it.baseline, "ns/op")
	return ok
}

// markdown returns a table of the rows that have results, or "" if there are none.
func (l list) markdown(s series) string {
	var b strings.Builder
	if l.aims {
		b.WriteString("| | ratio | exact mode | aim |\n| --- | ---: | ---: | ---: |\n")
	} else {
		b.WriteString("| | time | ratio | exact mode | allocations |\n| --- | ---: | ---: | ---: | ---: |\n")
	}
	rows := 0
	for _, it := range l.rows {
		if !it.measured(s) {
			continue
		}
		rows++
		if l.aims {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", it.title, it.ratio(s), it.exactRatio(s), it.aim)
			continue
		}
		ns, _ := s.best(it.bench, "ns/op")
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", it.title, duration(ns), it.ratio(s), it.exactRatio(s), it.allocations(s))
	}
	if rows == 0 {
		return ""
	}
	return b.String()
}

func (it item) ratio(s series) string {
	if it.bench == it.baseline {
		return "1"
	}
	r, _ := s.ratio(it.bench, it.baseline, "ns/op")
	return bold(r)
}

// exactRatio returns the ratio in the exact mode. It is to the baseline in the exact
// mode, if that was measured.
func (it item) exactRatio(s series) string {
	if it.bench == it.baseline {
		return ""
	}
	r, ok := s.ratio(it.bench+exactly, it.baseline+exactly, "ns/op")
	if !ok {
		r, ok = s.ratio(it.bench+exactly, it.baseline, "ns/op")
	}
	if !ok {
		return ""
	}
	return bold(r)
}

func (it item) allocations(s series) string {
	n, ok := s.best(it.bench, "allocs/op")
	if !ok {
		return ""
	}
	size, ok := s.best(it.bench, "B/op")
	if !ok || n == 0 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.0f, %.0f bytes", n, size)
}
