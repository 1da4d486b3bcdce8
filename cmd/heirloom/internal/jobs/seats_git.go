package jobs

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// gitCommand seats the places in arguments that are code for one command of git only: the
// same letters are options without an argument for others.
func (p *program) gitCommand(name string, args []*syntax.Word, rest []string) {
	switch name {
	case "submodule":
		// A single argument is shell code; several are a command.
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

// gitConfig refuses a value for a setting of git that may be a command.
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

// inertSetting matches the beginning of a git setting that is never a command.
var inertSetting = regexp.MustCompile(`^(user\.(name|email)|remote\.[^=]*\.url|safe\.directory)=`)
