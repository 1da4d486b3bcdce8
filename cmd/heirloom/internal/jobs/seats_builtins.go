package jobs

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// builtin seats the places in the arguments of a builtin command, some of which are
// names or expressions. A $ in such an argument stands for a name or an expression in a
// variable.
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
		if p.arithmetic() && (slices.ContainsFunc(rest, testOp.MatchString) || slices.Contains(rest, "-t")) {
			p.expressions(args)
		}
		p.names(args, rest, "-v")
	case "exit", "logout", "bye", "return", "break", "continue", "shift":
		if p.arithmetic() {
			p.expressions(args)
		}
	case "printf":
		p.names(args, rest, "-v")
		if len(rest) > 0 && strings.HasPrefix(rest[0], "-v") && rest[0] != "-v" {
			p.refuse(args[0], inName)
			p.computed(args[0])
			p.flow.set(rest[0][2:], p.everything())
		}
		if i := slices.Index(rest, "-v"); i >= 0 && i+1 < len(rest) && rest[i+1] != "" {
			p.flow.set(rest[i+1], p.everything())
		}
		if len(args) > 0 {
			p.unflagged(args[0], noOption, "printf", "%s before it")
		}
		if p.arithmetic() && len(rest) > 0 && (rest[0] == "" || p.holds(rest[0]) || strings.Contains(textual.ReplaceAllString(rest[0], ""), "%")) {
			p.expressions(args[1:])
		}
	case "print":
		if p.arithmetic() && len(rest) > 0 && (rest[0] == "" || p.holds(rest[0]) || strings.HasPrefix(rest[0], "-")) {
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
	case "export", "typeset", "declare", "local", "readonly", "private", "integer", "float", "nameref": // after command, or in a shell where these are not keywords
		p.declared(name, args, rest)
	}
}

// declared seats the places in the arguments of a command that declares variables.
func (p *program) declared(name string, args []*syntax.Word, rest []string) {
	plain, why := true, inName
	switch name {
	case "integer", "float", "nameref":
		plain, why = false, "what "+name+" is given may be code"
	}
	for _, w := range rest {
		if w != "" && (w[0] == '-' || w[0] == '+') && !slices.Contains([]string{"-r", "-x", "-g", "--"}, w) {
			plain, why = false, "what "+name+" "+w+" is given may be code"
		}
	}
	p.flow.computes = p.flow.computes || !plain
	for _, w := range args {
		if text := p.source(w); plain && assignment.MatchString(text) {
			name, _, _ := strings.Cut(text, "=")
			p.variable(name, text, w)
		} else {
			p.refuse(w, why)
			p.runs(w)
		}
	}
}

// arithmetic reports whether builtins of the language accept expressions, which may run
// commands, where those of other shells accept a number.
func (p *program) arithmetic() bool {
	return p.language == syntax.LangZsh || p.language == syntax.LangMirBSDKorn
}

// expressions allows only numbers in the places of the words.
func (p *program) expressions(words []*syntax.Word) {
	for _, w := range words {
		p.numbers(w, onlyNumber)
		p.computed(w)
	}
}

// names refuses a place in the word after the flag, which is the name of a variable.
func (p *program) names(args []*syntax.Word, words []string, flag string) {
	if i := slices.Index(words, flag); i >= 0 && i+1 < len(args) {
		p.refuse(args[i+1], inName)
		p.computed(args[i+1])
	}
}

// computed records that the variables in w hold an expression, or a name with an index
// that is an expression.
func (p *program) computed(w *syntax.Word) {
	p.flow.computes = p.flow.computes || strings.ContainsAny(p.source(w), "$`")
}

// everything is a text that contains all values.
func (p *program) everything() string {
	var b strings.Builder
	for i := range p.places {
		b.WriteString(p.mark(i))
	}
	return b.String()
}
