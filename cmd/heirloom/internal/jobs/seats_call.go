package jobs

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var (
	codeFlag  = regexp.MustCompile(`^-[a-zA-Z0-9]*c$`)
	testOp    = regexp.MustCompile(`^-(eq|ne|lt|le|gt|ge)$`)
	durations = regexp.MustCompile(`^[0-9.]+[a-z]*$`)
	textual   = regexp.MustCompile(`%%|%-?[0-9]*(\.[0-9]+)?[sbqc]`)
)

// call seats the places in a simple command. It reads an argument that is code for the
// command as code.
func (p *program) call(c *syntax.CallExpr) {
	for _, a := range c.Assigns {
		p.assign(a)
	}
	if len(c.Args) == 0 {
		return
	}
	p.arguments(c, p.texts(c.Args))
	for i, w := range c.Args {
		if found, _ := p.marks(p.source(w)); i == 0 {
			for _, n := range found {
				p.first[n] = true
			}
		}
		p.word(w, i == 0)
	}
}

// arguments finds the arguments that are code.
func (p *program) arguments(c *syntax.CallExpr, words []string) {
	if words[0] == "" { // the command is not known
		p.splitCommand(c.Args[0], true)
		if code := flagged(words[1:], codeFlag); code >= 0 {
			p.refuse(c.Args[1+code], "it would be code of the command before it")
		}
	}
	launched := slices.Contains(launchers, programName(words[0]))
	if launched {
		p.launched(c.Args[1:], words[1:])
	}
	for i, w := range words {
		args, rest := c.Args[i+1:], words[i+1:]
		// A shell may be among the arguments of any program, because many programs run one.
		// So may an interpreter with an option that has code.
		name := programName(w)
		if language, ok := shellNames[name]; ok {
			if i > 0 && len(rest) > 0 && rest[0] == "--" { // start-stop-daemon's
				args, rest = args[1:], rest[1:]
			}
			p.shell(args, rest, language)
		} else if i == 0 || launched {
			p.evaluated(name, args, rest)
		} else if e := evaluators[name]; e != nil && !e.mixed && !e.shell && e.after == nil && !slices.Contains(searchers, programName(words[0])) {
			p.flaggedCode(e, args, rest)
		}
	}
	at := 0
	for at+1 < len(words) && (slices.Contains(precommands, words[at]) || at > 0 && strings.HasPrefix(words[at], "-")) {
		at++
	}
	if words[at] == "repeat" && at+2 < len(words) { // zsh repeat 2 let x={}
		p.expressions(c.Args[at+1 : at+2])
		at += 2
	}
	p.builtin(words[at], c.Args[at+1:], words[at+1:])
}

// searchers are programs to which the name of a program is a text to find, and which have
// options -e or -c of their own.
var searchers = []string{"ack", "ag", "echo", "egrep", "fgrep", "grep", "printf", "rg", "ripgrep", "zgrep"}

// precommands are words that may precede a builtin command.
var precommands = []string{"builtin", "command", "exec", "nocorrect", "noglob", "-"}

// launched allows at most one value before a command that is an argument: in timeout {} x,
// the second value would be the command. It allows none in an unquoted variable, since
// which word is the command depends on the launcher's options: sudo -u root $x.
func (p *program) launched(args []*syntax.Word, rest []string) {
	found := false // a word that is a command, unless it is the argument of an option
	for i, w := range rest {
		switch {
		case w == "":
			p.splitCommand(args[i], !found)
		case found:
		case p.holds(w):
			if i < len(rest)-1 {
				p.single(args[i])
			}
		default:
			found = w[0] != '-' && !strings.Contains(w, "=") && !durations.MatchString(w)
		}
	}
}

// splitCommand allows no value in a variable without quotes that is a command, or may reach
// to it: the shell splits the value into a command and its arguments. If w is known to be
// one, that holds for a command substitution too.
func (p *program) splitCommand(w *syntax.Word, known bool) {
	for _, part := range w.Parts {
		_, variable := part.(*syntax.ParamExp)
		_, substitution := part.(*syntax.CmdSubst)
		if variable || known && substitution {
			p.refuse(w, "the shell would make a command and its arguments of it; put quotes around the expansion")
			p.flow.split = append(p.flow.split, p.source(w))
			return
		}
	}
}

// code seats the places in words that together are the text of a program.
func (p *program) code(words []*syntax.Word, text string, language syntax.LangVariant) {
	places, fixed := false, true
	for _, w := range words {
		places = places || p.holds(p.source(w))
		if _, ok := p.static(w); !ok {
			p.refuse(w, "it is within code that is put together when it runs; give it as an argument")
			p.runs(w)
			fixed = false
		}
	}
	if !fixed {
		for _, w := range words {
			p.refuse(w, "it is beside code that is put together when it runs; give it as an argument of sh -c")
		}
	}
	if !fixed || p.err != nil {
		return
	}
	if language == 0 {
		language = p.sh
	}
	if err := p.program(text, language); err != nil && places && p.err == nil {
		p.err = err
	}
}

// runs records that w is code once its variables are replaced.
func (p *program) runs(w *syntax.Word) { p.flow.codes = append(p.flow.codes, p.source(w)) }

// expansions returns the text of everything in a word that the shell replaces. Text within
// single quotes may look like that, but is left to the program: awk '{print $1}'.
func (p *program) expansions(w *syntax.Word) (text string) {
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst, *syntax.ProcSubst, *syntax.ArithmExp:
			text += p.source(n) + " "
			return false
		}
		return true
	})
	return text
}

// texts returns the texts of the words, with "" for a word whose text depends on the run.
func (p *program) texts(words []*syntax.Word) []string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i], _ = p.static(w)
	}
	return texts
}

// static returns the text of a word, if it is the same in each run.
func (p *program) static(w *syntax.Word) (text string, ok bool) {
	var b strings.Builder
	for _, part := range w.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(unescape(part.Value, ""))
		case *syntax.SglQuoted:
			if part.Dollar {
				return "", false
			}
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			for _, inner := range part.Parts {
				lit, ok := inner.(*syntax.Lit)
				if !ok || part.Dollar {
					return "", false
				}
				b.WriteString(unescape(lit.Value, "\\$`\"\n"))
			}
		default:
			return "", false
		}
	}
	return b.String(), true
}

// unescape removes the backslashes before one of the characters, or before any.
func unescape(s, chars string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (chars == "" || strings.IndexByte(chars, s[i+1]) >= 0) {
			if i++; s[i] == '\n' {
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// flagged returns the index of the argument of the flag, or -1. Only options before all
// other words count.
func flagged(words []string, flag *regexp.Regexp) int {
	for i, w := range words {
		if flag.MatchString(w) && i+1 < len(words) {
			i++
			for i+1 < len(words) && strings.HasPrefix(words[i], "-") && len(words[i]) > 1 {
				i++ // sh -c -e 'code'
			}
			return i
		}
	}
	return -1
}

// operand returns the index of the first word that is neither an option nor the argument
// of one of the given options, which are letters and long names. An argument may be the
// rest of the option's own word: ssh -p22.
func operand(words []string, withArgument string, long ...string) int {
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "--":
			return i + 1
		case len(w) < 2 || w[0] != '-':
			return i
		case slices.Contains(long, w) || strings.IndexAny(w, withArgument) == len(w)-1:
			i++
		}
	}
	return len(words)
}
