//go:build unix

package jobs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// shellCalled returns a shell of that name, which is never run.
func shellCalled(t *testing.T, name string) *jobs.Shell {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755))
	s, err := jobs.NamedShell(filepath.Join(dir, name))
	require.NoError(t, err)
	return s
}

func TestValuesForShellsOfWindows(t *testing.T) {
	tests := []struct {
		shell, command, value, reason string
		want, err                     string
	}{
		{"cmd.exe", `type {}`, `a b&c`, "quoted", `type "a b&c"`, ""},
		{"cmd.exe", `type "x {}"`, `a b&c`, "in the command's own quotes", `type "x a b&c"`, ""},
		{"cmd.exe", `type {}`, `C:\d\`, "a backslash before a quote is half of one", `type "C:\d\\"`, ""},
		{"cmd.exe", `type {}`, `%PATH%`, "replaced within quotes too", "", `{} of job 1: "%PATH%" has a "%", which cannot be quoted for cmd.exe; use --shell pwsh`},
		{"cmd.exe", `type {}`, `a"&calc&"`, "the end of quotes", "", `{} of job 1: "a\"&calc&\"" has a "\"", which cannot be quoted for cmd.exe; use --shell pwsh`},
		{"cmd.exe", `type {}`, "a\ncalc", "the end of the command", "", `{} of job 1: "a\ncalc" has a "\n", which cannot be quoted for cmd.exe; use --shell pwsh`},
		{"cmd.exe", `type {}`, "a!b!", "replaced, maybe", "", `{} of job 1: "a!b!" has a "!", which cannot be quoted for cmd.exe; use --shell pwsh`},
		{"cmd.exe", `type ^{}`, "a", "quotes undone", "", "{} cannot be filled there: a ^ before it would undo its quotes"},
		{"pwsh", `cat {} {%}`, `a'b$(x)`, "quoted", `cat 'a''b$(x)' $env:HEIRLOOM_SLOT`, ""},
		{"pwsh", `cat {}`, "a’;calc;’", "all that ends a string", "cat 'a’’;calc;’’'", ""},
		{"pwsh", `cat "{}"`, "a", "within quotes", "", "{} cannot be filled there: it is within quotes; write it outside of them"},
		{"pwsh", `cat # {}`, "a", "in a comment", "", "{} cannot be filled there: it is in a comment or behind a backtick"},
		{"pwsh", "cat `{}", "a", "quotes undone", "", "{} cannot be filled there: it is in a comment or behind a backtick"},
	}
	for _, tt := range tests {
		t.Run(tt.shell+" "+tt.reason, func(t *testing.T) {
			var got string
			parsed, err := jobs.ParseTemplate(tt.command, shellCalled(t, tt.shell), jobs.TemplateOptions{Values: 1})
			if err == nil {
				got, err = parsed.Expand(1, []string{tt.value})
			}
			if tt.err != "" {
				assert.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestNamedShellWithArguments(t *testing.T) {
	s := posixShell(t)
	path, _ := s.Command("a; b", false)
	named, err := jobs.NamedShell(path + " -e -u")
	require.NoError(t, err)
	_, args := named.Command("x", false)
	assert.Equal(t, []string{path, "-e", "-u", "-c", "x"}, args)
}
