package main

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// A page has what the checks need of a Markdown file.
type page struct {
	name    string
	links   []link
	anchors map[string]bool
	code    []block
	rows    []row
}

type link struct {
	target string
	line   int
}

// A block is fenced code, without its fences.
type block struct {
	language string
	line     int // of its first line of code
	lines    []string
}

var (
	fence = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})(.*)$")
	// Inline links and images; a link's text may hold an image.
	inlineLink = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)`)
	// Reference definitions, as in Keep a Changelog.
	definition = regexp.MustCompile(`^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?\s*$`)
	heading    = regexp.MustCompile(`^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$`)
	htmlID     = regexp.MustCompile(`<a\s+(?:id|name)="([^"]+)"`)
	codeSpan   = regexp.MustCompile("`[^`]*`")
)

func parsePage(name, text string) *page {
	p := &page{name: name, anchors: make(map[string]bool)}
	seen := make(map[string]int)
	var open *block
	closing, section := "", ""
	for i, line := range strings.Split(text, "\n") {
		if m := fence.FindStringSubmatch(line); m != nil {
			switch {
			case open == nil:
				open, closing = &block{language: firstWord(m[2]), line: i + 2}, m[1]
				continue
			case strings.HasPrefix(m[1], closing) && strings.TrimSpace(m[2]) == "":
				p.code = append(p.code, *open)
				open = nil
				continue
			}
		}
		if open != nil {
			open.lines = append(open.lines, line)
			continue
		}
		if m := heading.FindStringSubmatch(line); m != nil {
			section = m[1]
			slug := slugOf(section)
			if n := seen[slug]; n > 0 {
				p.anchors[slug+"-"+strconv.Itoa(n)] = true
			} else {
				p.anchors[slug] = true
			}
			seen[slug]++
		}
		for _, m := range htmlID.FindAllStringSubmatch(line, -1) {
			p.anchors[m[1]] = true
		}
		if strings.HasPrefix(line, "|") {
			p.rows = append(p.rows, row{line, i + 1, section})
		}
		prose := codeSpan.ReplaceAllString(line, "")
		for _, m := range inlineLink.FindAllStringSubmatch(prose, -1) {
			p.links = append(p.links, link{m[1], i + 1})
		}
		if m := definition.FindStringSubmatch(prose); m != nil {
			p.links = append(p.links, link{m[1], i + 1})
		}
	}
	return p
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return word
}

// slugOf returns the anchor that GitHub gives a heading.
func slugOf(heading string) string {
	heading = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(heading, "$1")
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '_', r == '-':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

const (
	packagePages = "https://pkg.go.dev/github.com/heirloom-go/heirloom"
	ownModules   = "github.com/heirloom-go/heirloom"
)

func (p *page) checkLinks(fsys fs.FS, pages map[string]*page) []finding {
	var findings []finding
	report := func(l link, text string) {
		findings = append(findings, finding{p.name, l.line, l.target + ": " + text})
	}
	for _, l := range p.links {
		target, anchor, _ := strings.Cut(l.target, "#")
		switch {
		case target == "":
			target = p.name
		case strings.HasPrefix(target, packagePages):
			dir := strings.Trim(strings.TrimPrefix(target, packagePages), "/")
			dir, _, _ = strings.Cut(dir, "@")
			if dir == "" {
				continue
			}
			if found, _ := fs.Glob(fsys, dir+"/*.go"); len(found) == 0 {
				report(l, "no such package in this repository")
			}
			continue
		case strings.Contains(target, ":"), strings.HasPrefix(target, "//"):
			continue // elsewhere
		default:
			target = path.Join(path.Dir(p.name), target)
		}
		if _, err := fs.Stat(fsys, target); err != nil {
			report(l, "no such file")
			continue
		}
		if other := pages[target]; anchor != "" && other != nil && !other.anchors[anchor] {
			report(l, "no such heading")
		}
	}
	return findings
}
