package main

import "strings"

// A suite is a set of benchmarks of one package that run together.
type suite struct {
	name  string // for the -only flag
	pkg   string // relative to the root of the repository
	match string // selects benchmarks, see go help testflag
	skip  string // excludes some of those

	// every is the number of rounds in which the suite runs once. A benchmark that takes
	// seconds does not need a hundred runs to meet a quiet moment.
	every int
	// once makes each benchmark call its function once, and not as often as time allows.
	once bool
	// prefix is put before the names of the suite's results, so that benchmarks
	// of different packages may have the same name.
	prefix string
}

var suites = []suite{
	{name: "peers", pkg: "./bench", match: "Jobs|Locals|Restart", every: 1},
	{name: "python", pkg: "./bench", match: "Python", every: 1},
	{name: "items", pkg: "./bench", match: "Items/work=(0s|1µs)", every: 5, once: true},
	{name: "long-items", pkg: "./bench", match: "Items/work=100µs", every: 15, once: true},
	own("./ctxvar", "GoroutineThatSets"),
	own("./task", ""),
	own("./ctxvar/ctxhttp", ""),
	own("./ctxvar/ctxslog", ""),
	own("./ctxvar/ctxsql", ""),
}

// own returns the suite of a package of Heirloom's own.
func own(pkg, skip string) suite {
	name := pkg[strings.LastIndexByte(pkg, '/')+1:]
	return suite{name: name, pkg: pkg, match: ".", skip: skip, every: 1, prefix: name + "."}
}

// owned reports whether everything in the suite is Heirloom's, or a baseline to measure
// in both modes. Of other suites, only Heirloom's own lines are used in the exact mode.
func (s suite) owned() bool { return s.prefix != "" }

func suiteNames() string {
	names := make([]string, len(suites))
	for i, s := range suites {
		names[i] = s.name
	}
	return strings.Join(names, ", ")
}
