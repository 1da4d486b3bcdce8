// Package display makes text from elsewhere safe to print on a terminal.
package display

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Line returns s as one line that has no effect on a terminal. Characters that move the
// cursor, change colours or the direction of writing, or cannot be seen, and bytes that
// are not characters, are written as in a Go string: \x1b, \u202e. Line ends and tabs
// become spaces.
func Line(s string) string {
	if !strings.ContainsFunc(s, harmful) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x`)
			b.WriteString(strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case harmful(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// Lines applies Line to each line of s, and keeps line ends and tabs.
func Lines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		text, ended := strings.CutSuffix(line, "\n")
		for i, cell := range strings.Split(text, "\t") {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(Line(cell))
		}
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// JSON returns JSON text in which characters that have an effect on a terminal are \u
// escapes, if they are not escaped already. The value stays the same.
func JSON(text []byte) []byte {
	escaped := func(r rune) bool { return harmful(r) && r != '\n' && r != '\t' && r != '\r' }
	if !bytes.ContainsFunc(text, escaped) && utf8.Valid(text) {
		return text
	}
	b := make([]byte, 0, len(text)+16)
	for _, r := range string(text) { // U+FFFD for a byte that is not a character
		if !escaped(r) {
			b = utf8.AppendRune(b, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			b = fmt.Appendf(b, `\u%04x`, unit)
		}
	}
	return b
}

// harmful reports whether r has an effect on a terminal, or cannot be seen.
func harmful(r rune) bool {
	return r != ' ' && (unicode.IsControl(r) || !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp))
}

// Width returns how many columns of a terminal s takes.
func Width(s string) int { return runewidth.StringWidth(s) }

// Cut returns as much of s as fits into that many columns, ending with … if it is not
// all of s.
func Cut(s string, columns int) string { return runewidth.Truncate(s, columns, "…") }

// Pad returns s with spaces behind it, so that it takes at least that many columns.
func Pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-Width(s)))
}

// Age returns d as an age, in up to eight columns. Greater ages are coarser, so that
// they do not change often.
func Age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 100*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}
