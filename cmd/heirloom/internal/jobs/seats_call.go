package jobs

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Commands that run another one which is an argument of theirs.
var wrappers = []string{
	"builtin", "chroot", "command", "doas", "env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "strace",
	"sudo", "taskset", "time", "timeout", "unshare", "xargs",
}

// shellNames are shells that take code after -c, and how they read it.
var shellNames = map[string]syntax.LangVariant{
	"bash": syntax.LangBash, "rbash": syntax.LangBash, "zsh": syntax.LangZsh,
	"ksh": syntax.LangMirBSDKorn, "mksh": syntax.LangMirBSDKorn, "oksh": syntax.LangMirBSDKorn, "pdksh": syntax.LangMirBSDKorn,
	"dash": syntax.LangPOSIX, "ash": syntax.LangPOSIX, "yash": syntax.LangPOSIX, "sh": 0,
}

var (
	codeFlag = regexp.MustCompile(`^-[a-zA-Z0-9]*c$`)
	evalFlag = regexp.MustCompile(`^(-[a-zA-Z0-9]*[eE]|--eval|--print|-p|-pe)$`)
	testOp   = regexp.MustCompile(`^-(eq|ne|lt|le|gt|ge)$`)
	numbers  = regexp.MustCompile(`%[-+ #0-9.*]*[diouxXfFeEgGaAc]`)
)

// interpreters take a program after the flag; awk and sed before all else.
var interpreters = map[string]*regexp.Regexp{
	"perl": evalFlag, "ruby": evalFlag, "node": evalFlag, "lua": evalFlag, "Rscript": evalFlag, "osascript": evalFlag,
	"python": codeFlag, "python3": codeFlag, "python2": codeFlag, "php": regexp.MustCompile(`^-[rBRE]$`),
	"awk": nil, "gawk": nil, "mawk": nil, "nawk": nil, "sed": nil, "gsed": nil,
}

// call seats what is in a simple command. An argument that is code to the command
// is read as that.
func (p *program) call(c *syntax.CallExpr) {
	for _, a := range c.Assigns {
		p.assign(a)
	}
	if len(c.Args) == 0 {
		return
	}
	if found, _ := p.marks(p.source(c)); len(found) == 0 {
		return
	}
	words := make([]string, len(c.Args))
	for i, w := range c.Args {
		words[i], _ = p.static(w)
	}
	p.arguments(c, words)
	for i, w := range c.Args {
		if found, _ := p.marks(p.source(w)); i == 0 {
			for _, n := range found {
				p.first[n] = true
			}
		}
		p.word(w, i == 0)
	}
}

// arguments looks for those that are code.
func (p *program) arguments(c *syntax.CallExpr, words []string) {
	at := 0
	if slices.Contains(wrappers, path.Base(words[0])) {
		at = slices.IndexFunc(words[1:], func(w string) bool {
			_, shell := shellNames[path.Base(w)]
			_, interpreter := interpreters[path.Base(w)]
			return shell || interpreter || slices.Contains(codeCommands, path.Base(w))
		}) + 1
	}
	// A shell is looked for everywhere: find -exec and many others run one.
	for i, w := range words {
		if language, ok := shellNames[path.Base(w)]; ok {
			if code := flagged(words[i+1:], codeFlag); code >= 0 {
				p.code(c.Args[i+1+code:i+2+code], words[i+1+code], language)
			}
		}
	}
	args, rest := c.Args[at+1:], words[at+1:]
	if words[at] == "" { // nobody knows which
		if code := flagged(rest, codeFlag); code >= 0 {
			p.refuse(args[code], "it would be code of the command before it")
		}
		return
	}
	switch name := path.Base(words[at]); name {
	case "fish", "csh", "tcsh", "pwsh", "powershell", "cmd.exe", "cmd":
		if code := flagged(rest, regexp.MustCompile(`(?i)^[-/](c|command)$`)); code >= 0 {
			p.refuse(args[code], "it would be code of "+name+"; give it as an argument")
		}
	case "eval":
		p.code(args, strings.Join(rest, " "), p.language)
	case "trap":
		if len(args) > 0 {
			p.code(args[:1], rest[0], p.language)
		}
	case "ssh":
		if host := operand(rest, "BbcDEeFIiJLlmOopQRSWw"); host < len(rest) {
			remote := host + 1 + operand(rest[host+1:], "BbcDEeFIiJLlmOopQRSWw")
			p.code(args[remote:], strings.Join(rest[remote:], " "), 0)
		}
	case "su", "runuser", "script", "flock":
		if code := flagged(rest, regexp.MustCompile(`^(-c|--command)$`)); code >= 0 {
			p.code(args[code:code+1], rest[code], 0)
		}
	case "alias", "watch", "parallel", "entr", "tmux", "screen", "bind", "complete", "hash", "fc":
		for _, w := range args {
			p.refuse(w, "it would be code of "+name)
		}
	case "unset", "read", "mapfile", "readarray", "getopts":
		for _, w := range args {
			p.refuse(w, inName)
		}
	case "let":
		p.expressions(args)
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
		if p.arithmetic() && len(rest) > 0 && (rest[0] == "" || numbers.MatchString(rest[0])) {
			p.expressions(args[1:])
		}
	case "print":
		if p.language == syntax.LangZsh && len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
			for _, w := range args {
				p.refuse(w, "print expands what it is given; write printf '%s\\n' {}")
			}
		}
	default:
		p.interpreter(name, args, rest)
	}
}

// codeCommands are those whose arguments are code besides shells and interpreters.
var codeCommands = []string{
	"eval", "trap", "ssh", "su", "runuser", "script", "flock", "watch", "parallel", "entr", "tmux", "screen",
	"fish", "csh", "tcsh", "pwsh", "powershell",
}

// arithmetic reports whether builtins of the language take expressions, which may
// run commands, where others take a number.
func (p *program) arithmetic() bool {
	return p.language == syntax.LangZsh || p.language == syntax.LangMirBSDKorn
}

func (p *program) interpreter(name string, args []*syntax.Word, rest []string) {
	flag, ok := interpreters[name]
	if !ok {
		return
	}
	programs := func(i int) {
		if i >= 0 && i < len(args) {
			p.numerals(args[i])
		}
	}
	if flag != nil {
		programs(flagged(rest, flag))
		return
	}
	programs(flagged(rest, regexp.MustCompile(`^(-[a-zA-Z]*e|--expression|--source)$`)))
	for i, w := range rest {
		if strings.HasPrefix(w, "--expression=") || strings.HasPrefix(w, "-e") && len(w) > 2 {
			programs(i)
		}
	}
	if !slices.ContainsFunc(rest, func(w string) bool { return w == "-e" || w == "-f" || strings.HasPrefix(w, "--") }) {
		programs(operand(rest, "Fv"))
	}
}

// expressions lets nothing but numbers be put into the words.
func (p *program) expressions(words []*syntax.Word) {
	for _, w := range words {
		p.numerals(w)
	}
}

// names refuses a place in the word behind the flag, which is the name of a
// variable.
func (p *program) names(args []*syntax.Word, words []string, flag string) {
	if i := slices.Index(words, flag); i >= 0 && i+1 < len(args) {
		p.refuse(args[i+1], inName)
	}
}

// code seats the places in words that are, as text, a program of their own.
func (p *program) code(words []*syntax.Word, text string, language syntax.LangVariant) {
	places := 0
	for _, w := range words {
		found, _ := p.marks(p.source(w))
		places += len(found)
		if _, ok := p.static(w); !ok {
			p.refuse(w, "it is within code that is put together when it runs; give it as an argument")
		}
	}
	if places == 0 || p.err != nil {
		return
	}
	if language == 0 {
		language = p.sh
	}
	if err := p.program(text, language); err != nil && p.err == nil {
		p.err = err
	}
}

// static returns the text of a word, if it is the same whenever it runs.
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

// unescape takes away the backslashes before one of the characters, or before any.
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

// flagged returns where the argument of the flag is, of options that come before
// all else, or -1.
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

// operand returns where the first word is that is no option, nor the argument of
// one of those options.
func operand(words []string, withArgument string) int {
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "--":
			return i + 1
		case len(w) < 2 || w[0] != '-':
			return i
		case strings.IndexByte(withArgument, w[len(w)-1]) >= 0:
			i++
		}
	}
	return len(words)
}
