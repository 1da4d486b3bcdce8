package jobs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A place is the part of a template into which a value, or a number of the job, is put.
type place struct {
	kind placeKind
	text string              // as written, including braces
	nth  int                 // which value, from 1, or from -1 for the last; 0 for all
	edit func(string) string // changes a value before it is put in
}

type placeKind int

const (
	placeValue  placeKind = iota
	placeNumber           // {#}, the job's number
	placeSlot             // {%}, the number of the job's slot
	placeTotal            // {##}, how many jobs there are
)

// counted reports whether digits are put into the place. Digits are never code.
func (p *place) counted() bool { return p.kind == placeNumber || p.kind == placeTotal }

// edits are those of GNU parallel, without the ones that its --plus adds.
var edits = map[string]func(string) string{
	"":     func(v string) string { return v },
	".":    func(v string) string { return withoutExt(v, 1) },
	"..":   func(v string) string { return withoutExt(v, 2) },
	"...":  func(v string) string { return withoutExt(v, 3) },
	"/":    base,
	"//":   dirOf,
	"/.":   func(v string) string { return withoutExt(base(v), 1) },
	"/..":  func(v string) string { return withoutExt(base(v), 2) },
	"/...": func(v string) string { return withoutExt(base(v), 3) },
	"+/":   beforeBase,
	"+.":   func(v string) string { return exts(v, 1) },
	"+..":  func(v string) string { return exts(v, 2) },
	"+...": func(v string) string { return exts(v, 3) },
	"^":    func(v string) string { return first(v, unicode.ToUpper) },
	"^^":   func(v string) string { return all(v, unicode.ToUpper) },
}

// plusEdits are recognised only on request, because shells expand {,} and a sed or awk
// program may well contain {/x/d}.
var plusEdits = map[string]func(string) string{
	",":  func(v string) string { return first(v, unicode.ToLower) },
	",,": func(v string) string { return all(v, unicode.ToLower) },
}

var (
	nthOf      = regexp.MustCompile(`^-?[1-9][0-9]{0,5}`)
	zeroth     = regexp.MustCompile(`^(-?)0+([1-9][0-9]{0,5})?`)
	substring  = regexp.MustCompile(`^:(\d{1,9})(?::(\d{1,9}))?$`)
	orElse     = regexp.MustCompile(`(?s)^:-(.*)$`)
	withoutEnd = regexp.MustCompile(`(?s)^%([^%].*)$`)
	withoutBeg = regexp.MustCompile(`(?s)^#([^#].*)$`)
	recased    = regexp.MustCompile(`(?s)^(\^\^?|,,?)(.+)$`)
	replaced   = regexp.MustCompile(`(?s)^(//?)([^/]+)/([^/]*)$`)
	padded     = regexp.MustCompile(`^0+[#%]$`)
	conversion = regexp.MustCompile(`^%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]{1,2}$`)
	greedy     = regexp.MustCompile(`(?s)^(%%|##).+$`)
)

// plusNames are what GNU parallel's --plus replaces besides, and what to write instead.
var plusNames = map[string]string{
	"slot": "{%}", "uniq": "sort -u before it", "choose_k": "a script that makes the values",
	"host": "--on", "sshlogin": "--on", "hgrp": "--on", "agrp": "--on",
}

// parsePlace parses the text between braces. It reports whether the text is a place,
// and not some other text in braces.
func parsePlace(inside string, plus bool) (p place, ok bool, err error) {
	p = place{text: "{" + inside + "}"}
	switch inside {
	case "#":
		p.kind = placeNumber
		return p, true, nil
	case "%":
		p.kind = placeSlot
		return p, true, nil
	case "##":
		p.kind = placeTotal
		return p, true, nil
	}
	if padded.MatchString(inside) {
		return p, false, fmt.Errorf("%s is not known here; write $(printf %%03d %s)", p.text, "{"+strings.TrimLeft(inside, "0")+"}")
	}
	if instead := plusNames[inside]; plus && instead != "" {
		return p, false, fmt.Errorf("%s is not known here; write %s, or {''%s} for the text", p.text, instead, inside)
	}
	if m := zeroth.FindStringSubmatch(inside); m != nil {
		// GNU parallel reads {01} as {1}, and {0} as all values or none.
		edit := inside[len(m[0]):]
		if _, ok, _ := parsePlace("1"+edit, plus); !ok {
			return p, false, nil
		}
		if m[2] == "" {
			return p, false, fmt.Errorf("%s is no value, because they are counted from 1; write {%s} for all of them and {''%s} for the text", p.text, edit, inside)
		}
		return p, false, fmt.Errorf("%s is not known here; write {%s%s%s} for the value and {''%s} for the text", p.text, m[1], m[2], edit, inside)
	}
	digits := nthOf.FindString(inside)
	if digits != "" {
		p.nth, _ = strconv.Atoi(digits) // six digits can't overflow
	}
	edit := inside[len(digits):]
	if p.edit = edits[edit]; p.edit == nil && plus {
		p.edit = plusEdits[edit]
	}
	if p.edit != nil {
		return p, true, nil
	}
	if digits == "" && !plus && conversion.MatchString(edit) {
		return p, false, fmt.Errorf("%s may be printf's, or the value without %q at its end; write {''%s} for the first and add --plus for the second",
			p.text, edit[1:], edit)
	}
	if m := withoutEnd.FindStringSubmatch(edit); m != nil {
		p.edit = func(v string) string { return strings.TrimSuffix(v, m[1]) }
	} else if m := withoutBeg.FindStringSubmatch(edit); m != nil {
		p.edit = func(v string) string { return strings.TrimPrefix(v, m[1]) }
	} else if m := orElse.FindStringSubmatch(edit); m != nil {
		p.edit = func(v string) string {
			if v == "" {
				return m[1]
			}
			return v
		}
	} else if m := substring.FindStringSubmatch(edit); m != nil {
		from, _ := strconv.Atoi(m[1])
		length := -1
		if m[2] != "" {
			length, _ = strconv.Atoi(m[2])
		}
		p.edit = func(v string) string { return cut(v, from, length) }
	} else if greedy.MatchString(edit) {
		return p, false, fmt.Errorf("%s is not known here, where what is taken away is text and no pattern; write {%s%s}",
			p.text, digits, edit[1:])
	} else if m := recased.FindStringSubmatch(edit); m != nil && (plus || m[1][0] == '^') {
		to := all(m[2], map[byte]func(rune) rune{'^': unicode.ToUpper, ',': unicode.ToLower}[m[1][0]])
		p.edit = func(v string) string {
			if len(m[1]) == 2 {
				return strings.ReplaceAll(v, m[2], to)
			}
			if rest, ok := strings.CutPrefix(v, m[2]); ok {
				return to + rest
			}
			return v
		}
	} else if m := replaced.FindStringSubmatch(edit); m != nil && plus {
		n := 1
		if m[1] == "//" {
			n = -1
		}
		p.edit = func(v string) string { return strings.Replace(v, m[2], m[3], n) }
	}
	return p, p.edit != nil, nil
}

var errPerl = errors.New("{= … =} is Perl of GNU parallel's; heirloom run has {.} {/} {%.gz} {#old-} {:0:8} {^^} and, with --plus, {/a/b} in its place")

// cutPlace finds the first place in s, and returns the text before it and after it.
func cutPlace(s string, plus bool) (before string, p place, after string, found bool, err error) {
	for at := 0; ; at++ {
		i := strings.IndexByte(s[at:], '{')
		if i < 0 {
			return s, place{}, "", false, nil
		}
		at += i
		if at > 0 && s[at-1] == '$' && !strings.HasPrefix(s[at:], "{}") {
			continue // ${name} and ${1} are the shell's
		}
		rest := s[at+1:]
		if code := strings.TrimPrefix(rest, nthOf.FindString(rest)); strings.HasPrefix(code, "=") && strings.Contains(code[1:], "=}") {
			return "", place{}, "", false, errPerl
		}
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return s, place{}, "", false, nil
		}
		// Text with a brace in it is not a place, but may contain one.
		inside := rest[:end]
		if strings.IndexByte(inside, '{') >= 0 {
			continue
		}
		p, ok, err := parsePlace(inside, plus)
		if err != nil {
			return "", place{}, "", false, err
		}
		if ok {
			return s[:at], p, rest[end+1:], true, nil
		}
	}
}

// base returns the value without its directory.
func base(v string) string {
	if v == "" {
		return ""
	}
	return filepath.Base(v)
}

// dirOf returns the directory of what base returns, as dirname(1) does: that of "d/" is
// ".". It leaves "a/../b" as it is, because a may be a link.
func dirOf(v string) string {
	volume := filepath.VolumeName(v)
	rest := v[len(volume):]
	dir, _ := filepath.Split(withoutSeparators(rest))
	switch {
	case withoutSeparators(dir) != "":
		return volume + withoutSeparators(dir)
	case rest != "" && os.IsPathSeparator(rest[0]):
		return volume + rest[:1]
	}
	return volume + "."
}

// withoutSeparators cuts off the separators at the end.
func withoutSeparators(v string) string {
	for v != "" && os.IsPathSeparator(v[len(v)-1]) {
		v = v[:len(v)-1]
	}
	return v
}

// beforeBase returns the text before the last separator, or "" if there is none.
func beforeBase(v string) string {
	dir, _ := filepath.Split(v)
	if dir != "" && os.IsPathSeparator(dir[len(dir)-1]) {
		return dir[:len(dir)-1]
	}
	return dir
}

// splitExt cuts off n extensions, or none if there are fewer. It does not change
// ".profile" and "a.d/b".
func splitExt(v string, n int) (stem, ext string) {
	stem = v
	for ; n > 0; n-- {
		e := filepath.Ext(stem)
		if e == "" || e == filepath.Base(stem) {
			return v, ""
		}
		stem = stem[:len(stem)-len(e)]
	}
	return stem, v[len(stem):]
}

func withoutExt(v string, n int) string {
	stem, _ := splitExt(v, n)
	return stem
}

func exts(v string, n int) string {
	_, ext := splitExt(v, n)
	return strings.TrimPrefix(ext, ".")
}

func first(v string, edit func(rune) rune) string {
	r, size := utf8.DecodeRuneInString(v)
	if r == utf8.RuneError {
		return v
	}
	return string(edit(r)) + v[size:]
}

// all edits the characters of v, and does not change bytes that are not characters.
func all(v string, edit func(rune) rune) string {
	var b strings.Builder
	for v != "" {
		_, size := utf8.DecodeRuneInString(v)
		b.WriteString(first(v[:size], edit))
		v = v[size:]
	}
	return b.String()
}

// cut returns length characters of v after the first from, or all of them if length is
// negative. A byte that is not part of a character counts as one.
func cut(v string, from, length int) string {
	skip := func(n int) {
		for ; n > 0 && v != ""; n-- {
			_, size := utf8.DecodeRuneInString(v)
			v = v[size:]
		}
	}
	skip(from)
	start := v
	if length < 0 {
		return start
	}
	skip(length)
	return start[:len(start)-len(v)]
}
