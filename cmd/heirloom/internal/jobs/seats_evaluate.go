package jobs

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// evaluated seats the places in the arguments of a program that is known to run some of
// them.
func (p *program) evaluated(name string, args []*syntax.Word, rest []string) {
	if slices.Contains(unquotable, name) {
		for _, w := range args {
			p.refuse(w, "it would be code of "+name)
			p.runs(w)
		}
		return
	}
	if slices.Contains(jumpers, name) {
		for i, w := range args {
			if strings.HasPrefix(rest[i], "-J") || i > 0 && jumps.MatchString(rest[i-1]) {
				p.limit(w, onlyHost)
				p.limitVariables(w, onlyHost)
			}
		}
	}
	switch name {
	case "pwsh", "powershell", "cmd":
		p.windowsShell(name, args, rest)
	case "capsh":
		if i := slices.Index(rest, "--"); i >= 0 {
			p.shell(args[i+1:], rest[i+1:], syntax.LangBash)
		}
	case "sudo":
		if slices.ContainsFunc(rest[:operand(rest, "aCcDghprRtTuU")], sudoShell.MatchString) {
			for _, w := range args {
				p.limit(w, notDollar)
				p.limitVariables(w, notDollar)
			}
		}
	case "docker", "podman", "nerdctl":
		p.entrypoint(args, rest)
	case "python":
		// These modules take Python code as arguments.
		if i := slices.Index(rest, "-m"); i >= 0 && i+1 < len(rest) && (rest[i+1] == "timeit" || rest[i+1] == "pdb") {
			for _, w := range args[i+2:] {
				p.otherCode(w, onlyNumber)
			}
		}
	case "eval":
		at := operand(rest, "")
		p.code(args[at:], strings.Join(rest[at:], " "), p.language)
	case "trap":
		if at := operand(rest, ""); at < len(rest) {
			p.code(args[at:at+1], rest[at], p.language)
		}
	case "ssh", "autossh", "rsh":
		host := operand(rest, sshArguments)
		remote := len(rest)
		if host < len(rest) {
			p.unflagged(args[host], noOption, name, "-- before it")
			for _, w := range args[:host+1] {
				p.single(w) // what follows the host is a command
			}
			remote = host + 1 + operand(rest[host+1:], sshArguments)
			p.code(args[remote:], strings.Join(rest[remote:], " "), 0)
		}
		p.evaluate(name, ssh, args[:remote], rest[:remote])
		return
	case "adb":
		if i := slices.Index(rest, "shell"); i >= 0 {
			p.code(args[i+1:], strings.Join(rest[i+1:], " "), 0)
		}
	case "socat":
		for _, w := range args {
			if socatRuns.MatchString(p.source(w)) {
				p.numbers(w, onlyNumber)
			} else {
				p.limit(w, notSocat)
			}
			p.limitVariables(w, onlyNumber)
		}
	case "gcloud":
		// What follows -- is for ssh.
		if i := slices.Index(rest, "--"); i >= 0 && slices.Contains(rest[:i], "ssh") {
			p.code(args[i+1:], strings.Join(rest[i+1:], " "), 0)
		}
	case "heroku":
		if len(rest) > 0 && strings.HasPrefix(rest[0], "run") {
			for _, w := range args {
				p.refuse(w, "it would be code on the other machine")
				p.runs(w)
			}
		}
	case "env":
		for i, w := range args {
			if name, _, ok := strings.Cut(rest[i], "="); ok {
				p.variable(name, p.source(w), w)
			}
		}
	case "flock":
		// It accepts -c only after the file; all other words there belong to the command.
		at := 1 + operand(rest, "wE", "--timeout", "--wait", "--conflict-exit-code")
		if at+1 < len(rest) && (rest[at] == "-c" || rest[at] == "--command") {
			p.code(args[at+1:at+2], rest[at+1], 0)
		}
	case "git":
		command := operand(rest, "cC")
		for i := 1; i < command && i < len(rest); i++ {
			if rest[i-1] == "-c" && !inertSetting.MatchString(rest[i]) {
				p.refuse(args[i], "it may be a command to git")
			}
		}
		if command < len(rest) {
			p.gitCommand(rest[command], args[command+1:], rest[command+1:])
		}
	case "find", "fd", "fdfind":
		for from := 0; from < len(rest); from++ {
			if !slices.Contains(findRuns, rest[from]) {
				continue
			}
			end := from
			for end < len(rest) && rest[end] != ";" && rest[end] != "+" {
				end++
			}
			p.braces(args[from:end], name+"'s name of what it finds, and of a value")
			from = end
		}
	case "xargs":
		for i, w := range rest {
			separate := w == "-I" || w == "-J"
			switch {
			case separate && i+1 < len(args):
				p.braces(args[i+1:i+2], "what xargs would replace, and a value")
			case w == "-i" || w == "--replace":
				p.braces(args[i:], "what xargs replaces, and a value")
			case strings.HasPrefix(w, "-I") || strings.HasPrefix(w, "-i") || strings.HasPrefix(w, "--replace="):
				p.braces(args[i:i+1], "what xargs would replace, and a value")
			}
		}
	}
	p.options(name, args, rest)
	if slices.Contains(makers, name) {
		p.made(args, rest)
	}
	if slices.Contains(pipers, name) {
		for _, w := range args {
			p.limit(w, onlyFile)
		}
	}
	e := evaluators[name]
	switch {
	case e == nil:
	case e.after == nil:
		p.evaluate(name, e, args, rest)
	default:
		for i, w := range rest {
			if slices.Contains(e.after, w) {
				p.evaluate(name, e, args[i+1:], rest[i+1:])
			}
		}
	}
}

// flaggedCode limits the values in code that is the argument of an option among the words.
func (p *program) flaggedCode(e *evaluator, args []*syntax.Word, rest []string) {
	options := *e
	options.first, options.rest = false, 0
	for _, s := range options.read(rest).code {
		p.otherCode(args[s.word], e.limit())
	}
}

// limit returns the limit of values in code of the program.
func (e *evaluator) limit() limit {
	l := e.only
	if l.allowed == nil {
		l = onlyNumber
	}
	if e.own != "" {
		l.why += "; write " + e.own
	}
	return l
}

var (
	sudoShell = regexp.MustCompile(`^(-[A-Za-z]*[si].*|--shell|--login)$`)
	jumps     = regexp.MustCompile(`^-[A-Za-z0-9]*J$`)
	socatRuns = regexp.MustCompile(`(?i)exec|shell|system`)
)

var findRuns = []string{"-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"}

// made limits the values in the arguments of make, whose rules put targets and variables
// into shell commands. A makefile that an option names is trusted.
func (p *program) made(args []*syntax.Word, rest []string) {
	for i, w := range args {
		_, at := p.marks(p.source(w))
		switch {
		case len(at) == 0 || i > 0 && slices.Contains([]string{"-C", "-f", "-I", "--directory", "--file", "--include-dir"}, rest[i-1]):
		case strings.Trim(p.source(w)[:at[0][0]], `'"`) == "":
			p.limit(w, onlyGoal)
		default:
			p.limit(w, onlyPlain)
		}
	}
}

const sshArguments = "BbcDEeFIiJLlmOopQRSWw"

// evaluate seats the places in the arguments that are code for the program.
func (p *program) evaluate(name string, e *evaluator, args []*syntax.Word, rest []string) {
	u := e.read(rest)
	for _, s := range u.code {
		i := s.word
		if e.shell && s.from >= 0 {
			text, option := rest[i][s.from:], rest[i][:s.from]
			if s.from == 0 && i > 0 {
				option = rest[i-1]
			}
			found, _ := p.marks(text)
			code := s.from == 0 || len(found) == 0 || text != p.mark(found[0]) // --extcmd={}
			if e == tar && strings.HasPrefix(option, "--checkpoint-action") {
				text, code = strings.CutPrefix(text, "exec=")
			}
			if code {
				p.code(args[i:i+1], text, 0)
				continue
			}
		}
		p.otherCode(args[i], e.limit())
	}
	if len(u.operands) == 0 {
		return
	}
	file := e.input && len(u.code) == 0
	if file {
		p.printed(args[u.operands[0]])
	}
	if optionRunners[name] == "" {
		for n, i := range u.flags {
			instead := "-- before it"
			if file && n == 0 {
				instead = "./{}"
			}
			p.unflagged(args[i], noOption, name, instead)
		}
	}
	if e == perl && slices.ContainsFunc(rest, perlReads.MatchString) {
		for _, i := range u.operands {
			p.limit(args[i], onlyFile)
		}
	}
}

var perlReads = regexp.MustCompile(`^-[a-zA-Z0-9]*[np]`)

// options allows no value to be an option of a program that has options that run commands.
func (p *program) options(name string, args []*syntax.Word, rest []string) {
	instead, ok := optionRunners[name]
	if !ok {
		return
	}
	allowed := noOption
	if e := evaluators[name]; e != nil && e.plus {
		allowed = noOptions
	}
	for i, w := range args {
		command := name == "env" && !strings.HasPrefix(rest[i], "-") && !strings.Contains(rest[i], "=") && !p.holds(rest[i])
		if rest[i] == "--" || command {
			return
		}
		p.unflagged(w, allowed, name, instead)
	}
}

// braces refuses {} where it has a meaning of its own for the program.
func (p *program) braces(args []*syntax.Word, what string) {
	for _, w := range args {
		found, _ := p.marks(p.source(w))
		for _, i := range found {
			if p.places[i].text == "{}" && p.err == nil {
				p.err = &refusal{i, "it is " + what + "; write {1} for the value, and {''} for the other"}
			}
		}
	}
}
