package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClosedStreams(t *testing.T) {
	t.Parallel()
	// With one processor and without -j2, jobs would write themselves.
	const toStdout, toStderr = "cannot write to standard output: bad file descriptor", "cannot write to standard error: bad file descriptor"
	tests := []struct {
		reason, args, closing string
		code                  int
		want                  string // of standard error, or of standard output if the former is closed
	}{
		{"output", "run -j2 echo ::: a", ">&-", 1, toStdout},
		{"and in order", "run -j2 -o ordered echo ::: a", ">&-", 1, toStdout},
		{"and by lines", "run -o lines echo ::: a", ">&-", 1, toStdout},
		{"and as JSON", "run --json true ::: a", ">&-", 1, toStdout},
		{"written by the job itself", "run -o direct echo ::: a", ">&-", 1, "1 of 1 job failed"},
		{"commands", "run -n echo ::: a", ">&-", 1, toStdout},
		{"the log", "run --log - true ::: a", ">&-", 2, "the descriptor is not open for writing"},
		{"help", "run --help", ">&-", 1, toStdout},
		{"a version", "version", ">&-", 1, toStdout},
		{"an example", "demo basic", ">&-", 1, toStdout},
		{"nothing was lost", "run true ::: a", ">&-", 0, ""},
		{"errors", "run ls ::: /no/such/file", "2>&-", 1, ""},
		{"no value can be read", "run -r echo", "<&-", 1, "read /dev/stdin: bad file descriptor"},
		{"none has to be", "run echo ::: a", "<&-", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.args+" "+tt.closing, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			for _, script := range []string{`"$@" ` + tt.closing + `; exit $?`, "exec " + tt.closing + `; "$@"; exit $?`} {
				c := command(t, strings.Fields(tt.args)...)
				env := c.Env
				c = exec.Command("sh", append([]string{"-c", script, "sh"}, c.Args...)...)
				c.Env = env
				var stdout, stderr bytes.Buffer
				c.Stdin, c.Stdout, c.Stderr = strings.NewReader("x\n"), &stdout, &stderr
				_ = c.Run()
				assert.Equal(t, tt.code, c.ProcessState.ExitCode(), tt.reason)
				assert.Contains(t, stderr.String(), tt.want, tt.reason)
			}
		})
	}
}

// The number of a closed stream belongs to no file that the run opens.
func TestClosedStreamsAreNotFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, results := filepath.Join(dir, "log"), filepath.Join(dir, "results")
	c := command(t, "run", "-j1", "-o", "ordered", "--log", log, "--results", results, "echo out {}; echo error {} >&2", ":::", "a", "b")
	env := c.Env
	c = exec.Command("sh", append([]string{"-c", `"$@" <&- >&- 2>&-; exit $?`, "sh"}, c.Args...)...)
	c.Env = env
	require.NoError(t, c.Run(), "without any stream, it is a daemon's")
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(text), "\n"))
	assert.NotRegexp(t, "(?m)^(out|error)", string(text))
	text, err = os.ReadFile(filepath.Join(results, "1", "stdout"))
	require.NoError(t, err)
	assert.Equal(t, "out a\n", string(text))
}

// Python's DEVNULL and Node's 'ignore' look like this, also in a shell that has it from
// them.
func TestTheNullDeviceIsNotClosed(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	defer null.Close()
	for _, prefix := range [][]string{nil, {"sh", "-c", `"$@"; exit $?`, "sh"}} {
		c := command(t, "run", "echo {}; echo {} >&2", ":::", "a")
		env, args := c.Env, append(prefix, c.Args...)
		c = exec.Command(args[0], args[1:]...)
		c.Env = env
		var stderr bytes.Buffer
		c.Stdout, c.Stderr = null, &stderr
		require.NoError(t, c.Run())
		assert.Equal(t, "a\n", stderr.String())
	}
}
