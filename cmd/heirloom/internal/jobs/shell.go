package jobs

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// A Shell runs commands.
type Shell struct {
	path   string
	args   []string // its name and flags, to which the command is added
	direct bool     // whether plain commands are spared the shell
	quote  func(string) string

	found sync.Map // name of a program to its path
}

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

// NamedShell is the shell at the path, or on the PATH, that name tells. It is to
// take a command after -c, unless it is cmd.exe or a PowerShell.
func NamedShell(name string) (*Shell, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, err
	}
	switch strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".exe") {
	case "cmd":
		return &Shell{path: path, args: []string{name, "/d", "/s", "/c"}, quote: quoteCmd}, nil
	case "pwsh", "powershell":
		return &Shell{path: path, args: []string{name, "-NoProfile", "-Command"}, quote: quotePowerShell}, nil
	}
	return &Shell{path: path, args: []string{name, "-c"}, quote: quotePOSIX}, nil
}

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

// Quote returns the value as one word of a command.
func (s *Shell) Quote(value string) string { return s.quote(value) }

func quotePOSIX(value string) string {
	if value != "" && strings.Trim(value, plain) == "" && !strings.ContainsAny(value, " \t=") {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

func quoteCmd(value string) string { return `"` + strings.ReplaceAll(value, `"`, `""`) + `"` }

func quotePowerShell(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }
