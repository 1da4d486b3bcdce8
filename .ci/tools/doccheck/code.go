package main

import (
	"go/parser"
	"go/token"
	"strings"
)

// A source is a Go file, as lines of code without comments and indentation.
type source struct {
	name  string
	lines []string
}

func newSource(name, text string) source {
	return source{name, codeLines(strings.Split(text, "\n"))}
}

// codeLines drops what may differ between a page and the program that it shows:
// comments, indentation, alignment and empty lines.
func codeLines(lines []string) []string {
	var code []string
	for _, line := range lines {
		if before, _, ok := strings.Cut(line, "//"); ok && strings.Count(before, `"`)%2 == 0 {
			line = before
		}
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			code = append(code, line)
		}
	}
	return code
}

// checkCode reports Go code of the page that does not parse and, for a README, code
// that is in no Go file.
func (p *page) checkCode(sources []source) []finding {
	var findings []finding
	for _, b := range p.code {
		if b.language != "go" {
			continue
		}
		if err := parses(strings.Join(b.lines, "\n")); err != nil {
			findings = append(findings, finding{p.name, b.line, "this does not parse as Go: " + err.Error()})
			continue
		}
		if p.name != "README.md" {
			continue
		}
		if missing := nearest(codeLines(b.lines), sources); missing != "" {
			findings = append(findings, finding{p.name, b.line, "no Go file has this code; the nearest lacks: " + missing})
		}
	}
	return findings
}

// parses says why code is not a file, declarations, or statements. An ellipsis stands
// for code that a page leaves out.
func parses(code string) error {
	code = strings.ReplaceAll(code, "…", "_")
	var first error
	for _, form := range []string{code, "package p\n" + code, "package p\nfunc _() {\n" + code + "\n}"} {
		_, err := parser.ParseFile(token.NewFileSet(), "", form, parser.SkipObjectResolution)
		if err == nil {
			return nil
		}
		if first == nil || strings.HasPrefix(form, "package p\nfunc") {
			first = err
		}
	}
	return first
}

// nearest returns "" if a source has the lines in this order, perhaps with others in
// between. Otherwise it returns the line at which the best source fails.
func nearest(lines []string, sources []source) string {
	best, missing := -1, ""
	for _, s := range sources {
		i := 0
		for _, line := range s.lines {
			if i < len(lines) && line == lines[i] {
				i++
			}
		}
		if i == len(lines) {
			return ""
		}
		if i > best {
			best, missing = i, lines[i]
		}
	}
	return missing
}
