package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A quoting is the way in which a part of a shell command treats the characters in it.
type quoting int

const (
	bare   quoting = iota // no quotes: characters with a meaning for the shell need them
	double                // "…"
	single                // '…'
	raw                   // an expression or a program: the values are limited
)

// A layer is a quoting, and what the text around a place requires. A place in code that is
// given to another shell, as in sh -c 'echo {}', is within several layers.
type layer struct {
	quoting
	tight bool // any unquoted value could have a meaning, even one of letters only
}

// A posixSeat is a place in a command of a POSIX shell.
type posixSeat struct {
	layers []layer // from the innermost to the outermost
	limits []limit // of the values
	single bool    // several values, as separate words, would mean something else
}

var (
	escapeDoubled = strings.NewReplacer(`\`, `\\`, `$`, `\$`, "`", "\\`", `"`, `\"`)
	escapeSingle  = strings.NewReplacer(`'`, `'\''`)
)

func (s posixSeat) fill(values []string) (string, error) {
	for _, v := range values {
		for _, l := range s.limits {
			if err := l.check(v); err != nil {
				return "", err
			}
		}
	}
	ls := s.layers
	if s.single && len(values) > 1 && len(ls) > 0 && ls[0].quoting == bare {
		return "", fmt.Errorf("only one value can stand there, and the job has %d; write {1}, {2} and so on", len(values))
	}
	text := strings.Join(values, " ")
	if len(ls) > 0 && ls[0].quoting == bare {
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = ls[0].put(v)
		}
		text, ls = strings.Join(words, " "), ls[1:]
	}
	for _, l := range ls {
		text = l.put(text)
	}
	return text, nil
}

func (l layer) put(s string) string {
	switch {
	case l.quoting == double:
		return escapeDoubled.Replace(s)
	case l.quoting == single:
		return escapeSingle.Replace(s)
	case l.quoting == raw:
		return s
	case !l.tight:
		return quotePOSIX(s)
	}
	return "'" + escapeSingle.Replace(s) + "'"
}

// same reports whether two seats treat a value in the same way. A number is the same
// everywhere.
func (s posixSeat) same(other posixSeat) bool {
	return slices.Equal(s.layers, other.layers) || s.layers[0].quoting == raw && other.layers[0].quoting == raw
}

// slotVariable is the variable in which commands find their slot. The slot itself is not
// put into the command, which has to be the same in each run, for --resume.
const slotVariable = "HEIRLOOM_SLOT"

func (s posixSeat) slot() string {
	text := "${" + slotVariable + "}"
	outer := s.layers
	for len(outer) > 0 && outer[0].quoting == raw {
		outer = outer[1:]
	}
	if len(outer) > 0 {
		if outer[0].quoting == single {
			text = `'"` + text + `"'`
		}
		outer = outer[1:]
	}
	for _, l := range outer {
		text = l.put(text)
	}
	return text
}

// A reading is the way in which a shell reads a command that has marks in its places.
type reading struct {
	sh     syntax.LangVariant // the language that sh is assumed to read
	places []place
	stem   string // the beginning of each mark, which the text does not contain otherwise
	seats  []posixSeat
	seen   []bool
	first  []bool // for each place, whether it is in a command's first word
	flow   flow
}

// mark returns the word, of letters and digits, that stands for a place.
func (r *reading) mark(i int) string { return r.stem + strconv.Itoa(i) + "q" }

// marks returns the numbers of the places in s, and where their marks begin and end.
func (r *reading) marks(s string) (found []int, at [][2]int) {
	for from := 0; ; {
		i := strings.Index(s[from:], r.stem)
		if i < 0 {
			return found, at
		}
		start := from + i
		digits := s[start+len(r.stem):]
		end := strings.IndexByte(digits, 'q')
		n, _ := strconv.Atoi(digits[:end])
		from = start + len(r.stem) + end + 1
		found, at = append(found, n), append(at, [2]int{start, from})
	}
}

// asciiOnly returns s with each byte that is not ASCII replaced by a character without a
// meaning for a shell, whatever the encoding.
func asciiOnly(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 0x80 {
			b[i] = '%'
		}
	}
	return string(b)
}

// A refusal is the reason why a value cannot be put into a place.
type refusal struct {
	place int
	why   string
}

func (r *refusal) Error() string { return r.why }

// readSeats determines the seats of the places between the texts, as a shell of the
// language reads them.
func readSeats(texts []string, places []place, language, sh syntax.LangVariant) (*reading, error) {
	r := &reading{sh: sh, places: places, stem: "hlm"}
	all := strings.Join(texts, "")
	for strings.Contains(all, r.stem) {
		r.stem += "x"
	}
	var b strings.Builder
	for i, text := range texts {
		if i > 0 {
			b.WriteString(r.mark(i - 1))
		}
		b.WriteString(asciiOnly(text))
	}
	n := len(places)
	r.seats, r.seen, r.first = make([]posixSeat, n), make([]bool, n), make([]bool, n)
	if err := r.program(b.String(), language); err != nil {
		return r, err
	}
	return r, r.settle()
}

// program reads a whole program, which is the command or code that is an argument in it,
// and adds layers to the seats of the places in it.
func (r *reading) program(text string, language syntax.LangVariant) error {
	file, err := syntax.NewParser(syntax.Variant(language)).Parse(strings.NewReader(text), "")
	if err != nil {
		var wrong syntax.ParseError
		if errors.As(err, &wrong) {
			return errors.New(strings.ReplaceAll(wrong.Text, r.stem, "{"))
		}
		return errors.New("it is written for another shell")
	}
	p := &program{reading: r, text: text, language: language}
	if language == syntax.LangZsh && strings.Contains(text, "$[") {
		p.flow.computes = true
		p.refuse(file, "it may be in $[…]; write $((…))")
	}
	p.follow(file)
	p.walk(file)
	return p.err
}
