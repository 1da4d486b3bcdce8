package jobs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func posixShell(t *testing.T) *jobs.Shell {
	t.Helper()
	s, err := jobs.DefaultShell()
	require.NoError(t, err)
	if path, _ := s.Command("a; b", false); strings.TrimSuffix(filepath.Base(path), ".exe") != "sh" {
		t.Skip("the shell here is " + path)
	}
	return s
}

func TestShellIsSparedForPlainCommands(t *testing.T) {
	s := posixShell(t)
	tests := []struct {
		command, reason string
		direct          []string // nil: run by the shell
	}{
		{"sleep 1", "words", []string{"sleep", "1"}},
		{"  ls\t-l  ./a:b,c@d%e+f=g ", "characters that mean nothing to a shell", []string{"ls", "-l", "./a:b,c@d%e+f=g"}},
		{"sleep 1 & sleep 2", "two commands", nil},
		{"ls *.go", "a pattern", nil},
		{"ls $HOME", "a variable", nil},
		{"ls 'a b'", "a quote", nil},
		{"ls ~", "a home", nil},
		{"ls # all", "a comment", nil},
		{"A=1 env", "an assignment", nil},
		{"ls\nls", "two lines", nil},
		{"exit 3", "a builtin that is no program", nil},
		{"echo a", "a builtin that is not quite the program", nil},
		{"./run", "relative to a directory that is not ours", nil},
		{"no-such-program-here x", "for the shell to complain of", nil},
		{"ls é", "a letter, for all we know", nil},
		{"", "nothing", nil},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			path, args := s.Command(tt.command, false)
			assert.True(t, filepath.IsAbs(path))
			if tt.direct == nil {
				assert.Equal(t, []string{"sh", "-c", tt.command}, args, tt.reason)
				return
			}
			assert.Equal(t, tt.direct, args, tt.reason)
			assert.Equal(t, tt.direct[0], filepath.Base(path))
		})
	}
	_, args := s.Command("sleep 1", true)
	assert.Equal(t, []string{"sh", "-c", "sleep 1"}, args, "the shell looks on the command's own PATH")
}

func TestNamedShell(t *testing.T) {
	posixShell(t)
	s, err := jobs.NamedShell("sh")
	require.NoError(t, err)
	_, args := s.Command("true", false)
	assert.Equal(t, []string{"sh", "-c", "true"}, args, "who names a shell gets it")

	for name, want := range map[string]string{
		"sh -c":        `heirloom gives the command to the shell, and "sh -c" has a -c already; leave it out`,
		"sh -ec":       `heirloom gives the command to the shell, and "sh -ec" has a -c already; leave it out`,
		"env sh -c":    `heirloom gives the command to the shell, and "env sh -c" has a -c already; leave it out`,
		"sh -e x.sh":   `"sh -e x.sh" runs a file, and not the command; only options can follow the shell`,
		"sh --":        `"sh --" runs a file, and not the command; only options can follow the shell`,
		"sh -n":        `"sh -n" reads commands and runs none`,
		"sh -o noexec": `"sh -o noexec" reads commands and runs none`,
		"sh -o noglob": "",
		"sh -e +o xxx": "",
	} {
		if _, err = jobs.NamedShell(name); want == "" {
			assert.NoError(t, err)
		} else {
			assert.EqualError(t, err, want)
		}
	}

	_, err = jobs.NamedShell("no-such-shell")
	assert.ErrorIs(t, err, exec.ErrNotFound)
}

// programs puts programs of these names on the PATH.
func programs(t *testing.T, names ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o700))
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestArgumentsOfShells(t *testing.T) {
	posixShell(t)
	programs(t, "bash", "busybox", "toybox", "cmd", "pwsh", "powershell", "nu")
	for name, problem := range map[string]string{
		"sh -e":               "",
		"bash -o pipefail":    "",
		"busybox sh":          "",
		"busybox ash -e":      "",
		"toybox sh":           "",
		"pwsh -NoLogo":        "",
		"cmd /v:on":           "",
		"nu --no-config-file": "",
		"sh -c":               "has a -c already",
		"sh -ec":              "has a -c already",
		"busybox sh -c":       "has a -c already",
		"nu -c":               "has a -c already",
		"sh file":             "runs a file",
		"sh --":               "runs a file",
		"busybox sh file":     "runs a file",
		"bash -n":             "runs none",
		"bash -en":            "runs none",
		"bash -o noexec":      "runs none",
		"bash -eo":            "ends with -eo",
		"bash -o 'pipefail'":  "has no quotes",
		"cmd /C":              "has a /c already",
		"pwsh -Command":       "has a -command already",
		"powershell -File":    "has a -file already",
		"no-such-shell -e":    "not found",
		" ":                   "no name",
	} {
		_, err := jobs.NamedShell(name)
		if problem == "" {
			assert.NoError(t, err, name)
		} else {
			assert.ErrorContains(t, err, problem, name)
		}
	}
}

func TestWhatShellsMakeOfValues(t *testing.T) {
	posixShell(t)
	programs(t, "busybox", "cmd", "pwsh", "nu")
	for name, known := range map[string]bool{"busybox sh": true, "busybox ash": true, "busybox": false, "busybox ls": false, "cmd": true, "pwsh": true, "nu": false} {
		s, err := jobs.NamedShell(name)
		require.NoError(t, err)
		_, err = jobs.ParseTemplate("echo {}", s, jobs.TemplateOptions{})
		assert.Equal(t, known, err == nil, "%s: %v", name, err)
		longest := 100_000
		if name == "cmd" {
			longest = 8000
		}
		if runtime.GOOS != "windows" {
			assert.Equal(t, longest, s.Longest(100_000), name)
			assert.Equal(t, 5, s.Longest(5), name)
		}
	}
}
