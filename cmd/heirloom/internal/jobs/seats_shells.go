package jobs

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// shellNames has the shells that take code after -c, and the languages that they read.
var shellNames = map[string]syntax.LangVariant{
	"bash": syntax.LangBash, "rbash": syntax.LangBash, "zsh": syntax.LangZsh,
	"ksh": syntax.LangMirBSDKorn, "mksh": syntax.LangMirBSDKorn, "oksh": syntax.LangMirBSDKorn, "pdksh": syntax.LangMirBSDKorn, "ksh93": syntax.LangMirBSDKorn, "rksh": syntax.LangMirBSDKorn,
	"dash": syntax.LangPOSIX, "ash": syntax.LangPOSIX, "yash": syntax.LangPOSIX, "posh": syntax.LangPOSIX, "lksh": syntax.LangMirBSDKorn, "osh": syntax.LangBash, "sh": 0,
}

// shell seats the places in the arguments of a shell.
func (p *program) shell(args []*syntax.Word, rest []string, language syntax.LangVariant) {
	operand, code, sure := shellOperand(rest)
	if !sure {
		for _, w := range args {
			p.refuse(w, "shells differ in what they take for code when a letter is behind the o of -o; write -o by itself")
			p.runs(w)
		}
		return
	}
	for _, w := range args[:operand] {
		p.printed(w) // bash --rcfile <(echo {})
	}
	if operand == len(rest) {
		return
	}
	if !code {
		p.unflagged(args[operand], noOptions, "the shell", "./{}")
		p.printed(args[operand]) // sh <(echo {})
		return
	}
	p.code(args[operand:operand+1], rest[operand], language)
	for _, w := range args[operand+1:] {
		p.flow.set(positional, p.source(w))
	}
}

// shellOperand returns the index of the first word that is not an option of a shell,
// whether that word is code rather than a file, and whether all shells agree on this: in
// -oe pipefail, some read e as an option and pipefail as the argument of -o, and others
// read e as that argument.
func shellOperand(words []string) (at int, code, sure bool) {
	sure = true
	for at < len(words) {
		w := words[at]
		if len(w) < 2 || w[0] != '-' && w[0] != '+' {
			break
		}
		at++
		if w == "--" {
			break
		}
		if w[0] == '-' && w[1] != '-' && strings.Contains(w, "c") {
			code = true
		}
		if w[1] == '-' {
			if w == "--rcfile" || w == "--init-file" {
				at++
			}
		} else if o := strings.IndexAny(w, "oO"); o == len(w)-1 {
			at++
		} else if o >= 0 {
			sure = false
		}
	}
	return min(at, len(words)), code, sure
}

// readsCode reports whether a command in n runs what it reads.
func (p *program) readsCode(n syntax.Node) (reads bool) {
	syntax.Walk(n, func(n syntax.Node) bool {
		c, ok := n.(*syntax.CallExpr)
		if !ok || len(c.Args) == 0 {
			return !reads
		}
		words := p.texts(c.Args)
		launched := slices.Contains(launchers, programName(words[0]))
		reads = reads || p.flow.reading && slices.Contains(p.flow.declared, words[0])
		for i, w := range words {
			name, rest := programName(w), words[i+1:]
			if language, ok := shellNames[name]; ok {
				at, code, sure := shellOperand(rest)
				reads = reads || code && at < len(rest) && p.textReadsCode(rest[at], language)
				stdin := !sure || at == len(rest) || !code && (isInput(rest[at]) || rest[at] == "-s") || slices.Contains(rest[:at], "-s")
				// xargs puts what it reads after its arguments, or into them.
				reads = reads || stdin || words[0] == "xargs" && slices.ContainsFunc(words, func(w string) bool {
					return strings.HasPrefix(w, "-I") || strings.HasPrefix(w, "-i") || strings.HasPrefix(w, "--replace")
				})
			} else if e := evaluators[name]; e != nil && e.input && (i == 0 || launched) {
				u := e.read(rest)
				none := len(u.operands) == 0 || e.mixed || e.rest > 0 || isInput(rest[u.operands[0]])
				reads = reads || len(u.code) == 0 && none
			}
			if e := evaluators[name]; e != nil && words[0] == "xargs" {
				reads = reads || e.replaced(words[1:i], rest)
			}
		}
		if name := programName(words[0]); name == "ssh" || name == "su" {
			reads = reads || operand(words[1:], sshArguments) >= len(words)-2
		}
		if len(words) > 1 && (words[0] == "source" || words[0] == ".") {
			reads = reads || isInput(words[1])
		}
		switch words[0] {
		case "eval":
			reads = reads || p.textReadsCode(strings.Join(words[1:], " "), p.language)
		case "parallel", "env_parallel":
			reads = reads || operand(words[1:], "jPnNLsSaIEd") == len(words)-1 // its input is commands
		case "crontab":
			reads = reads || len(words) == 1 || slices.Contains(words, "-")
		}
		return !reads
	})
	return reads
}

// textReadsCode is readsCode for code that is an argument: sh -c 'cat | sh'.
func (p *program) textReadsCode(text string, language syntax.LangVariant) bool {
	if language == 0 {
		language = p.sh
	}
	file, err := syntax.NewParser(syntax.Variant(language)).Parse(strings.NewReader(text), "")
	return err == nil && p.readsCode(file)
}

// isInput reports whether a file stands for standard input or another open descriptor.
func isInput(file string) bool {
	return file == "-" || strings.HasPrefix(file, "/dev/stdin") || strings.HasPrefix(file, "/dev/fd/") || strings.HasPrefix(file, "/proc/self/fd/")
}

// replaced reports whether xargs with these options puts what it reads into the code
// among the words.
func (e *evaluator) replaced(options, words []string) bool {
	what := ""
	for i, w := range options {
		switch {
		case w == "-I" && i+1 < len(options):
			what = options[i+1]
		case w == "-i" || w == "--replace":
			what = "{}"
		case strings.HasPrefix(w, "-I") || strings.HasPrefix(w, "-i"):
			what = w[2:]
		case strings.HasPrefix(w, "--replace="):
			what = strings.TrimPrefix(w, "--replace=")
		}
	}
	return what != "" && slices.ContainsFunc(e.read(words).code, func(s snippet) bool { return strings.Contains(words[s.word], what) })
}
