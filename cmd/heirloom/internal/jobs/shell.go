package jobs

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// A Shell runs commands.
type Shell struct {
	name     string
	path     string
	args     []string // its name and flags, to which the command is added
	direct   bool     // plain commands are run without the shell
	kind     shellKind
	language syntax.LangVariant // if kind is shellPOSIX; 0 for sh, which differs between systems

	found sync.Map // name of a program to its path
}

// A shellKind says how values are quoted for a shell.
type shellKind int

const (
	shellOther shellKind = iota // the way is not known
	shellPOSIX
	shellCmd
	shellPowerShell
)

// DefaultShell returns sh, or cmd.exe on Windows.
//
// Like make, it runs a command that needs nothing from a shell without one, in half the
// time.
func DefaultShell() (*Shell, error) {
	if runtime.GOOS == "windows" {
		return NamedShell("cmd.exe")
	}
	s, err := NamedShell("sh")
	if err == nil {
		s.direct = true
	}
	return s, err
}

// NamedShell returns the shell with the given path or name, which may be followed by
// arguments for it: "bash -o pipefail". A name is looked up on the PATH. The shell must
// accept a command after -c, unless it is cmd.exe or a PowerShell.
func NamedShell(name string) (*Shell, error) {
	words := []string{name}
	path, err := exec.LookPath(name)
	if err != nil {
		// No program has this name, so it includes arguments.
		if words = strings.Fields(name); len(words) == 0 {
			return nil, errors.New("the shell has no name")
		}
		if strings.ContainsAny(name, `'"`) {
			return nil, fmt.Errorf("what follows the shell is divided at blanks and has no quotes: %s", name)
		}
		var more error
		if path, more = exec.LookPath(words[0]); more != nil {
			return nil, more
		}
	}
	s := &Shell{path: path, args: words}
	s.name = strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".exe")
	flags := []string{"-c"}
	switch s.name {
	case "cmd":
		s.kind, flags = shellCmd, []string{"/d", "/s", "/c"}
	case "pwsh", "powershell":
		s.kind, flags = shellPowerShell, []string{"-NoProfile", "-Command"}
	case "busybox", "toybox":
		if len(words) > 1 && (words[1] == "sh" || words[1] == "ash") {
			s.kind, s.language = shellPOSIX, syntax.LangPOSIX
		}
	default:
		if language, ok := shellNames[s.name]; ok {
			s.kind, s.language = shellPOSIX, language
		}
	}
	if err := s.checkArguments(); err != nil {
		return nil, err
	}
	s.args = append(s.args, flags...)
	return s, nil
}

var optionName = regexp.MustCompile(`^[-+][A-Za-z]*[oO]$`)

var noExecution = regexp.MustCompile(`^-[a-zA-Z]*n`)

// checkArguments refuses arguments that the command cannot follow as code.
func (s *Shell) checkArguments() error {
	rest := s.args[1:]
	switch s.kind {
	case shellPOSIX:
		if s.name == "busybox" || s.name == "toybox" {
			rest = rest[1:]
		}
		at, code, _ := shellOperand(rest)
		if last := rest[max(0, len(rest)-1):]; len(last) == 1 && optionName.MatchString(last[0]) {
			return fmt.Errorf("%q ends with %s, which has to be followed by the name of an option, as pipefail", strings.Join(s.args, " "), last[0])
		}
		idle := slices.ContainsFunc(rest, func(w string) bool { return w == "noexec" || noExecution.MatchString(w) })
		switch {
		case code:
			return s.givenTwice("-c")
		case at < len(rest) || slices.Contains(rest, "--"):
			return fmt.Errorf("%q runs a file, and not the command; only options can follow the shell", strings.Join(s.args, " "))
		case idle:
			return fmt.Errorf("%q reads commands and runs none", strings.Join(s.args, " "))
		}
	case shellOther:
		if slices.Contains(rest, "-c") {
			return s.givenTwice("-c")
		}
	case shellCmd, shellPowerShell:
		for _, w := range rest {
			if w = strings.ToLower(w); slices.Contains([]string{"/c", "/k", "/r", "-c", "-command", "-file", "-f", "-encodedcommand", "-ec", "-e"}, w) {
				return s.givenTwice(w)
			}
		}
	}
	return nil
}

// givenTwice is the error for a shell that has the option before its command already.
func (s *Shell) givenTwice(option string) error {
	return fmt.Errorf("heirloom gives the command to the shell, and %q has a %s already; leave it out", strings.Join(s.args, " "), option)
}

// ElsewhereShell returns the sh of other machines. Commands are made for it, but it runs
// none here.
func ElsewhereShell() *Shell { return &Shell{name: "sh", kind: shellPOSIX, language: syntax.LangPOSIX} }

// plain has the characters to which no shell gives a meaning, within a word or between
// words.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \t_-./:,+@%="

// own has the words that a shell does not look up as a program: POSIX's builtins and
// reserved words.
var own = []string{
	".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "do", "done", "echo", "elif",
	"else", "esac", "eval", "exec", "exit", "export", "fc", "fg", "fi", "for", "getopts", "hash", "if", "in",
	"jobs", "kill", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift", "source", "test",
	"then", "time", "times", "trap", "type", "ulimit", "umask", "unalias", "unset", "until", "wait", "while",
}

// Command returns the program that runs the command, and its arguments, beginning with
// its own name. If ownPath is true, the command gets a PATH other than ours, so Command
// looks up no program.
func (s *Shell) Command(command string, ownPath bool) (path string, args []string) {
	if s.direct && !ownPath && strings.Trim(command, plain) == "" {
		if words := strings.Fields(command); len(words) > 0 {
			if path, ok := s.program(words[0]); ok {
				return path, words
			}
		}
	}
	return s.path, append(slices.Clip(s.args), command)
}

// program returns the program on the PATH that a shell would run for a word. If there is
// none, the shell gets the command, and reports that.
func (s *Shell) program(word string) (string, bool) {
	if strings.ContainsAny(word, "=/") || slices.Contains(own, word) {
		return "", false
	}
	if path, ok := s.found.Load(word); ok {
		return path.(string), true
	}
	path, err := exec.LookPath(word)
	if err != nil || !filepath.IsAbs(path) {
		return "", false
	}
	s.found.Store(word, path)
	return path, true
}

// quotePOSIX returns the value as one word of a command.
func quotePOSIX(value string) string {
	if value != "" && strings.Trim(value, plain) == "" && !strings.ContainsAny(value, " \t=") && value[0] != '%' {
		return value
	}
	return "'" + escapeSingle.Replace(value) + "'"
}

// Longest returns the length that a command of the shell may have, but at most most.
func (s *Shell) Longest(most int) int {
	if s.kind == shellCmd {
		return min(most, 8000)
	}
	if runtime.GOOS == "windows" {
		return min(most, 32000)
	}
	return most
}
