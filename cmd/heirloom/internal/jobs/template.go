package jobs

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// A Template makes commands of values, as GNU parallel does. These are replaced,
// quoted for the shell:
//
//	{}    the value (all of them, if there are several)
//	{.}   without its extension
//	{/}   without its directory
//	{//}  its directory
//	{/.}  without its directory and extension
//	{2}   the second value; also {2.} {2/} {2//} {2/.}
//	{#}   the number of the job, from 1
//
// A template in which no value is replaced has {} at its end.
type Template struct {
	parts []part
	quote func(string) string
}

// A part is text to keep, or what to put in its place.
type part struct {
	kind partKind
	text string
	edit func(string) string // of a value
	nth  int                 // which value, from 1; 0 for all
}

type partKind int

const (
	partText partKind = iota
	partValue
	partNumber
)

var edits = map[string]func(string) string{
	"":   func(v string) string { return v },
	".":  withoutExt,
	"/":  filepath.Base,
	"//": filepath.Dir,
	"/.": func(v string) string { return withoutExt(filepath.Base(v)) },
}

// withoutExt leaves ".profile" and "a.d/b" as they are.
func withoutExt(v string) string {
	ext := filepath.Ext(v)
	if base := filepath.Base(v); ext == base {
		return v
	}
	return strings.TrimSuffix(v, ext)
}

// ParseTemplate parses the command for values, of which each job gets as many as
// perJob says. quote makes a value safe for the shell.
func ParseTemplate(command string, perJob int, quote func(string) string) (*Template, error) {
	t := &Template{quote: quote}
	replaced := false
	for rest := command; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		inside, behind, closed := strings.Cut(after, "}")
		p, ok := parsePart(inside)
		if !found || !closed {
			t.parts = append(t.parts, part{text: rest})
			break
		}
		if !ok {
			// Not ours: ${HOME}, awk '{print}', {a,b}. What it holds may be.
			t.parts = append(t.parts, part{text: before + "{"})
			rest = after
			continue
		}
		if p.nth > perJob {
			return nil, fmt.Errorf("{%s} asks for value %d, and each job has %d", inside, p.nth, perJob)
		}
		replaced = replaced || p.kind == partValue
		t.parts = append(t.parts, part{text: before}, p)
		rest = behind
	}
	if !replaced {
		t.parts = append(t.parts, part{text: " "}, part{kind: partValue, edit: edits[""]})
	}
	return t, nil
}

func parsePart(inside string) (part, bool) {
	if inside == "#" {
		return part{kind: partNumber}, true
	}
	digits := len(inside) - len(strings.TrimLeft(inside, "0123456789"))
	edit, ok := edits[inside[digits:]]
	if !ok {
		return part{}, false
	}
	p := part{kind: partValue, edit: edit}
	if digits > 0 {
		nth, err := strconv.Atoi(inside[:digits])
		if err != nil || nth == 0 {
			return part{}, false
		}
		p.nth = nth
	}
	return p, true
}

// Expand returns the command for the values, whose job has the number n.
func (t *Template) Expand(n int, values []string) string {
	var b strings.Builder
	for _, p := range t.parts {
		switch {
		case p.kind == partText:
			b.WriteString(p.text)
		case p.kind == partNumber:
			b.WriteString(strconv.Itoa(n))
		case p.nth > 0:
			b.WriteString(t.quote(p.edit(values[p.nth-1])))
		default:
			for i, v := range values {
				if i > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(t.quote(p.edit(v)))
			}
		}
	}
	return b.String()
}
