package main

import (
	"regexp"
	"slices"
	"strings"
)

var (
	testFunc = regexp.MustCompile(`^func ((?:Test|Fuzz|Example|Benchmark)\w+)\(`)
	testName = regexp.MustCompile(`\b(?:Test|Fuzz|Example|Benchmark)[A-Z]\w*`)
)

// testsOf returns the names of the tests in the sources.
func testsOf(sources []source) map[string]bool {
	tests := make(map[string]bool)
	for _, s := range sources {
		if !strings.HasSuffix(s.name, "_test.go") {
			continue
		}
		for _, line := range s.lines {
			if m := testFunc.FindStringSubmatch(line); m != nil {
				tests[m[1]] = true
			}
		}
	}
	return tests
}

// checkTests reports tests that do not exist in the columns for our tests.
func (p *page) checkTests(tests map[string]bool) []finding {
	var findings []finding
	ours, last := -1, -1
	for _, r := range p.rows {
		cells := strings.Split(strings.Trim(strings.TrimSpace(r.text), "|"), "|")
		if r.line != last+1 {
			ours = slices.IndexFunc(cells, func(c string) bool { return strings.TrimSpace(c) == "ours" })
		}
		last = r.line
		if ours < 0 || ours >= len(cells) {
			continue
		}
		for _, name := range testName.FindAllString(cells[ours], -1) {
			if !tests[name] {
				findings = append(findings, finding{p.name, r.line, name + ": no such test in this repository"})
			}
		}
	}
	return findings
}
