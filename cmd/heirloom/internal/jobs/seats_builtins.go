package jobs

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// builtin seats what is in the arguments of a shell's own command, some of which are
// names or expressions. A $ in one is a name or an expression that a variable holds.
func (p *program) builtin(name string, args []*syntax.Word, rest []string) {
	switch name {
	case "unset", "read", "mapfile", "readarray", "getopts":
		for _, own := range []string{"REPLY", "MAPFILE", "OPTARG"} {
			p.flow.set(own, p.everything())
		}
		if slices.Contains(rest, "-C") {
			p.flow.codes = append(p.flow.codes, "$MAPFILE") // is behind that code
		}
		for i, w := range args {
			p.refuse(w, inName)
			p.computed(w)
			if name != "unset" && rest[i] != "" {
				p.flow.set(rest[i], p.everything())
			}
		}
	case "set":
		for _, w := range args {
			p.flow.set(positional, p.source(w))
			if len(rest) > 1 && rest[0] == "-A" {
				p.flow.set(rest[1], p.source(w))
			}
		}
	case "let":
		p.expressions(args)
		p.flow.computes = true
	case "[[":
		if slices.ContainsFunc(rest, testOp.MatchString) {
			p.expressions(args)
		}
		p.names(args, rest, "-v")
	case "test", "[":
		if p.arithmetic() && slices.ContainsFunc(rest, testOp.MatchString) {
			p.expressions(args)
		}
		p.names(args, rest, "-v")
	case "exit", "return", "break", "continue", "shift":
		if p.arithmetic() {
			p.expressions(args)
		}
	case "printf":
		p.names(args, rest, "-v")
		if i := slices.Index(rest, "-v"); i >= 0 && i+1 < len(rest) && rest[i+1] != "" {
			p.flow.set(rest[i+1], p.everything())
		}
		if p.arithmetic() && len(rest) > 0 && (rest[0] == "" || numbers.MatchString(rest[0])) {
			p.expressions(args[1:])
		}
	case "print":
		if p.language == syntax.LangZsh && len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
			for _, w := range args {
				p.refuse(w, "print expands what it is given; write printf '%s\\n' {}")
				p.runs(w)
			}
		}
	case "source", ".":
		for _, w := range args[:min(1, len(args))] {
			p.printed(w)
		}
		for _, w := range args[min(1, len(args)):] {
			p.flow.set(positional, p.source(w))
		}
	case "export", "typeset", "declare", "local", "readonly": // behind command, or where these are no keywords
		for _, w := range args {
			if text := p.source(w); assignment.MatchString(text) {
				name, _, _ := strings.Cut(text, "=")
				p.variable(name, text, w)
			} else {
				p.refuse(w, inName)
				p.runs(w)
			}
		}
	}
}

// arithmetic reports whether builtins of the language take expressions, which may
// run commands, where others take a number.
func (p *program) arithmetic() bool {
	return p.language == syntax.LangZsh || p.language == syntax.LangMirBSDKorn
}

// expressions lets nothing but numbers be put into the words.
func (p *program) expressions(words []*syntax.Word) {
	for _, w := range words {
		p.numbers(w, onlyNumber)
		p.computed(w)
	}
}

// names refuses a place in the word behind the flag, which is the name of a
// variable.
func (p *program) names(args []*syntax.Word, words []string, flag string) {
	if i := slices.Index(words, flag); i >= 0 && i+1 < len(args) {
		p.refuse(args[i+1], inName)
		p.computed(args[i+1])
	}
}

// computed has it that what variables in w hold is an expression, or a name, whose
// index is one.
func (p *program) computed(w *syntax.Word) {
	p.flow.computes = p.flow.computes || strings.ContainsAny(p.source(w), "$`")
}

// everything is a text that all values are in.
func (p *program) everything() string {
	var b strings.Builder
	for i := range p.places {
		b.WriteString(p.mark(i))
	}
	return b.String()
}
