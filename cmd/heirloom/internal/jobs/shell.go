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
	direct   bool     // whether plain commands are spared the shell
	kind     shellKind
	language syntax.LangVariant // of one that is shellPOSIX; 0 if sh is all that is known

	found sync.Map // name of a program to its path
}

// A shellKind is how values are quoted for a shell.
type shellKind int

const (
	shellOther shellKind = iota // in no way that we know
	shellPOSIX
	shellCmd
	shellPowerShell
)

// DefaultShell is sh, or cmd.exe on Windows.
//
// As make does, it has a command that leaves nothing for a shell to do started
// without one, which takes half the time.
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

// NamedShell is the shell at the path, or on the PATH, that name tells, which may
// be followed by arguments for it: "bash -o pipefail". It is to take a command
// after -c, unless it is cmd.exe or a PowerShell.
func NamedShell(name string) (*Shell, error) {
	words := []string{name}
	path, err := exec.LookPath(name)
	if err != nil {
		// No program is called all that, so that there are arguments.
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

// ElsewhereShell is the sh of other machines, for which commands can be made and
// which runs none here.
func ElsewhereShell() *Shell { return &Shell{name: "sh", kind: shellPOSIX, language: syntax.LangPOSIX} }

// plain are the characters that no shell gives a meaning to, within a word or
// between words.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \t_-./:,+@%="

// own are the words that mean something else to a shell than the program of that
// name, as far as there is one, in POSIX's list of builtins and reserved words.
var own = []string{
	".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "do", "done", "echo", "elif",
	"else", "esac", "eval", "exec", "exit", "export", "fc", "fg", "fi", "for", "getopts", "hash", "if", "in",
	"jobs", "kill", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift", "source", "test",
	"then", "time", "times", "trap", "type", "ulimit", "umask", "unalias", "unset", "until", "wait", "while",
}

// Command returns the program that runs the command, and its arguments, itself
// among them. ownPath tells that the command gets a PATH which is not ours to find
// programs on.
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

// program finds what a shell would run for a word, if that is a program on the
// PATH. What is not there is left for the shell to complain of.
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

// Longest is how long a command of the shell can be, if that is less than most.
func (s *Shell) Longest(most int) int {
	if s.kind == shellCmd {
		return min(most, 8000)
	}
	if runtime.GOOS == "windows" {
		return min(most, 32000)
	}
	return most
}
