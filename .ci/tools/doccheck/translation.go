package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A page with a language before its extension, such as README.zh-CN.md, is a
// translation of the page without one, README.md.
var translated = regexp.MustCompile(`^(.*)\.[a-z]{2}(-[A-Z]{2})?(\.md)$`)

// checkTranslation reports where a translation differs from its original: it must have
// the same code, and tables with the same code, links and figures.
func (p *page) checkTranslation(pages map[string]*page) []finding {
	m := translated.FindStringSubmatch(p.name)
	if m == nil {
		return nil
	}
	original := pages[m[1]+m[3]]
	if original == nil {
		return []finding{{p.name, 1, "no " + m[1] + m[3] + " that it could be a translation of"}}
	}
	var findings []finding
	differs := func(line int, what, has, want string) {
		findings = append(findings, finding{p.name, line, what + " unlike " + original.name + "'s: has " + has + ", not " + want})
	}
	compare := func(line int, what string, has, want []string) {
		if at := firstDifference(has, want); at >= 0 {
			differs(line, what, lineAt(has, at), lineAt(want, at))
		}
	}
	if len(p.code) != len(original.code) {
		differs(1, "code", count(p.code, "blocks"), count(original.code, "blocks"))
		return findings
	}
	for i, b := range p.code {
		compare(b.line, "code", codeLines(b.lines), codeLines(original.code[i].lines))
	}
	if len(p.rows) != len(original.rows) {
		differs(1, "tables", count(p.rows, "rows"), count(original.rows, "rows"))
		return findings
	}
	for i, r := range p.rows {
		compare(r.line, "table", facts(r.text), facts(original.rows[i].text))
	}
	return findings
}

// A row is a line of a table.
type row struct {
	text    string
	line    int
	section string // the heading above it
}

// fact matches text that is the same in every language.
var fact = regexp.MustCompile("`[^`]*`|\\]\\([^)]*\\)|[0-9][0-9.,]*")

// facts returns the code, the links and the figures of a row in sorted order, since
// languages may differ in their order.
func facts(text string) []string {
	found := fact.FindAllString(text, -1)
	for i := range found {
		found[i] = strings.TrimRight(found[i], ".,")
	}
	slices.Sort(found)
	return found
}

// firstDifference returns the index at which a and b begin to differ, or -1.
func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing more"
}

func count[E any](list []E, what string) string { return strconv.Itoa(len(list)) + " " + what }
