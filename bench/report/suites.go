package main

import "strings"

// A suite is some benchmarks of one package, which are run together.
type suite struct {
	name  string // for the -only flag
	pkg   string // relative to the root of the repository
	match string // which benchmarks, see go help testflag
	skip  string // and which of those not

	// every is in how many rounds the suite is run once. A benchmark that takes
	// seconds needs no hundred runs for a quiet moment.
	every int
	// once has each benchmark call its function once, and not as often as there
	// is time for.
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

// owned reports whether all that the suite runs is Heirloom's, or a baseline to be
// measured beside it in either mode. Of the others only Heirloom's own lines have
// a place in the exact mode.
func (s suite) owned() bool { return s.prefix != "" }

func suiteNames() string {
	names := make([]string, len(suites))
	for i, s := range suites {
		names[i] = s.name
	}
	return strings.Join(names, ", ")
}
