package jobs

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// gitCommand seats what is code to a command of git's alone: the same letters are
// options without an argument to others.
func (p *program) gitCommand(name string, args []*syntax.Word, rest []string) {
	switch name {
	case "submodule":
		// With one argument, it is a shell's code; with several, a command.
		if i := slices.Index(rest, "foreach"); i >= 0 && i+1 < len(rest) {
			if at := i + 1 + operand(rest[i+1:], ""); at+1 == len(rest) {
				p.code(args[at:], rest[at], 0)
			}
		}
	case "config":
		p.gitConfig(args, rest)
	case "filter-repo":
		for i, w := range rest {
			if option, _, _ := strings.Cut(w, "="); strings.HasSuffix(option, "-callback") || i > 0 && strings.HasSuffix(rest[i-1], "-callback") {
				p.numbers(args[i], onlyNumber)
			}
		}
	case "rebase", "difftool":
		p.evaluate("git", &evaluator{short: "x", mixed: true, shell: true}, args, rest)
	case "clone":
		for i, w := range rest {
			setting, ok := strings.CutPrefix(w, "--config=")
			if i > 0 && (rest[i-1] == "-c" || rest[i-1] == "--config") {
				setting, ok = w, true
			}
			if ok && !inertSetting.MatchString(setting) {
				p.refuse(args[i], "it may be a command to git")
			}
		}
		p.evaluate("git", &evaluator{short: "u", args: "bco", mixed: true, shell: true}, args, rest)
	case "grep":
		for i, w := range rest {
			if strings.HasPrefix(w, "-O") {
				p.numbers(args[i], onlyNumber)
			}
		}
	}
}

// gitConfig refuses a value for a setting of git's that may be a command.
func (p *program) gitConfig(args []*syntax.Word, rest []string) {
	var operands []int
	for i, w := range rest {
		switch {
		case strings.HasPrefix(w, "--get") || strings.HasPrefix(w, "--unset") || w == "--list" || w == "-l":
			return
		case strings.HasPrefix(w, "-") || i > 0 && slices.Contains([]string{"-f", "--file", "--type", "--default", "--blob"}, rest[i-1]):
		case len(operands) == 0 && slices.Contains([]string{"set", "--add"}, w):
		case len(operands) == 0 && slices.Contains([]string{"get", "unset", "list"}, w):
			return
		default:
			operands = append(operands, i)
		}
	}
	if len(operands) < 2 || inertSetting.MatchString(rest[operands[0]]+"=") {
		return
	}
	for _, i := range operands {
		p.refuse(args[i], "it may be a command to git")
		p.runs(args[i])
	}
}

// inertSetting is the beginning of a setting of git's that no value makes a command.
var inertSetting = regexp.MustCompile(`^(user\.(name|email)|remote\.[^=]*\.url|safe\.directory)=`)
