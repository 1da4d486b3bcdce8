package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// seats determines the seats of the places between the texts. If appended is true, the
// last place was added at the end because the command has no place for the value.
func (s *Shell) seats(texts []string, places []place, appended bool) ([]seat, error) {
	if len(places) == 0 {
		return nil, nil
	}
	var seats []seat
	var err error
	switch s.kind {
	case shellCmd:
		seats, err = cmdSeats(texts)
	case shellPowerShell:
		seats, err = powerShellSeats(texts)
	case shellPOSIX:
		seats, err = s.posixSeats(texts, places, appended)
	default:
		return nil, fmt.Errorf("values cannot be quoted for %s; --shell can be sh, bash, zsh, ksh, cmd.exe or pwsh", s.name)
	}
	var at *refusal
	if errors.As(err, &at) {
		return nil, fmt.Errorf("%s cannot be filled there: %s", places[at.place].text, at.why)
	}
	return seats, err
}

// posixSeats reads the command as the shell does. Systems differ in the shell that sh is:
// a command that these shells read differently is refused.
func (s *Shell) posixSeats(texts []string, places []place, appended bool) ([]seat, error) {
	var readings [2]*reading
	for i, sh := range []syntax.LangVariant{syntax.LangPOSIX, syntax.LangBash} {
		language := s.language
		if language == 0 {
			language = sh
		}
		r, err := readSeats(texts, places, language, sh)
		var at *refusal
		if err != nil && !errors.As(err, &at) {
			return nil, fmt.Errorf("the command cannot be read, so that values cannot be quoted in it: %w", err)
		} else if err != nil {
			return nil, err
		}
		readings[i] = r
	}
	seats := make([]seat, len(places))
	for n, p := range places {
		r, other := readings[0], readings[1]
		switch {
		case (!r.seen[n] || !other.seen[n]) && p.counted():
			seats[n] = posixSeat{layers: []layer{{quoting: raw}}}
			continue
		case !r.seen[n] || !other.seen[n]:
			return nil, &refusal{n, "it is not where a value can be: in a comment or a name"}
		case !r.seats[n].same(other.seats[n]):
			return nil, &refusal{n, "shells differ in what they make of it"}
		case appended && n == len(places)-1 && r.first[n]:
			return nil, errors.New("the value would be a command of its own at the end; write {} where it goes")
		}
		for _, l := range other.seats[n].limits {
			r.seats[n].restrict(l)
		}
		r.seats[n].single = r.seats[n].single || other.seats[n].single
		seats[n] = r.seats[n]
	}
	return seats, nil
}

// cmdSeat is a place in a command of cmd.exe's.
type cmdSeat struct {
	quoted bool // it is within quotes of the template
	closed bool // these quotes end directly after it
}

// cmdSeats determines which places are within quotes, of which cmd.exe has one kind.
func cmdSeats(texts []string) ([]seat, error) {
	seats := make([]seat, len(texts)-1)
	quotes := 0
	for i := range seats {
		quotes += strings.Count(texts[i], `"`)
		quoted := quotes%2 == 1
		if !quoted && strings.HasSuffix(texts[i], "^") {
			return nil, &refusal{i, "a ^ before it would undo its quotes"}
		}
		seats[i] = cmdSeat{quoted, quoted && strings.HasPrefix(texts[i+1], `"`)}
	}
	return seats, nil
}

// fill quotes for cmd.exe, as far as possible: cmd.exe replaces %name% within quotes
// too, and !name! if delayed expansion is on, and a command ends with its line.
func (s cmdSeat) fill(values []string) (string, error) {
	words := slices.Clone(values)
	for i, v := range values {
		if at := strings.IndexAny(v, "%!\"\r\n\x00"); at >= 0 {
			return "", fmt.Errorf("%q has a %q, which cannot be quoted for cmd.exe; use --shell pwsh", v, v[at:at+1])
		}
		// Programs read backslashes before a quote as half as many.
		if !s.quoted || s.closed && i == len(values)-1 {
			v += v[len(strings.TrimRight(v, `\`)):]
		}
		words[i] = v
		if !s.quoted {
			words[i] = `"` + v + `"`
		}
	}
	return strings.Join(words, " "), nil
}

func (cmdSeat) slot() string { return "%" + slotVariable + "%" }

// A powerShellSeat is a place outside of all quotes.
type powerShellSeat struct{}

func powerShellSeats(texts []string) ([]seat, error) {
	seats := make([]seat, len(texts)-1)
	all := strings.Join(texts, "")
	for _, odd := range []string{"@'", `@"`, "--%", "<#"} {
		if strings.Contains(all, odd) {
			return nil, &refusal{0, "the command has " + odd + ", in which values cannot be quoted"}
		}
	}
	var quote rune
	comment, escaped := false, false
	for i := range seats {
		for _, c := range texts[i] {
			switch {
			case escaped:
				escaped = false
				continue
			case c == '\n':
				comment = false
			case c == '`' && quote != '\'':
				escaped = true
			case quote != 0 && quoteOf(c) == quote:
				quote = 0
			case quote == 0 && !comment && quoteOf(c) != 0:
				quote = quoteOf(c)
			case quote == 0 && c == '#':
				comment = true
			}
		}
		switch {
		case quote != 0:
			return nil, &refusal{i, "it is within quotes; write it outside of them"}
		case comment || escaped:
			return nil, &refusal{i, "it is in a comment or behind a backtick"}
		case strings.HasSuffix(texts[i], "$"):
			return nil, &refusal{i, inParameter}
		}
		seats[i] = powerShellSeat{}
	}
	return seats, nil
}

// quoteOf returns ' or " for a character that PowerShell reads as one of these, or 0.
func quoteOf(c rune) rune {
	switch c {
	case '\'', '‘', '’', '‚', '‛':
		return '\''
	case '"', '“', '”', '„':
		return '"'
	}
	return 0
}

func (powerShellSeat) fill(values []string) (string, error) {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = quotePowerShell(v)
	}
	return strings.Join(words, " "), nil
}

func (powerShellSeat) slot() string { return "$env:" + slotVariable }

// quotePowerShell doubles each of the characters that end a string in quotes.
func quotePowerShell(value string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, c := range value {
		if quoteOf(c) == '\'' {
			b.WriteRune(c)
		}
		b.WriteRune(c)
	}
	b.WriteByte('\'')
	return b.String()
}
