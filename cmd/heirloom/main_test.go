package main

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// A test starts the test binary as heirloom itself where only a process can show the
// result: its streams, signals, and exit code.
const actAsMain = "HEIRLOOM_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(actAsMain) != "" {
		os.Unsetenv(actAsMain)
		main()
	}
	goleak.VerifyTestMain(m)
}

// command returns heirloom as a process, with arguments.
func command(t *testing.T, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), exe, args...)
	c.Env = append(os.Environ(), actAsMain+"=1")
	return c
}

// heirloom runs it in this process.
func heirloom(args ...string) (code int, stdout, stderr string) {
	return heirloomReading("", args...)
}

func heirloomReading(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestBadInputIsOneLine(t *testing.T) {
	tests := []struct {
		args   string
		reason string
		want   string
	}{
		{"demo nope", "no such demo, and none like it", `unknown demo "nope"; heirloom demo --list lists them`},
		{"demo gahter", "the nearest name is suggested", `unknown demo "gahter"; did you mean "gather"?`},
		{"demo gather token", "one too many", `unexpected argument "token"; heirloom demo takes one at most`},
		{"demo --list token", "a list takes no name", `unexpected argument "token"; heirloom demo --list takes none`},
		{"demo --list --source", "two things at once", "--list and --source exclude each other"},
		{"demo --lsit", "the nearest flag is suggested", `unknown flag "--lsit"; did you mean "--list"?`},
		{"demo --nope", "a flag like no other", `unknown flag "--nope"; heirloom demo --help lists them`},
		{"demo -x", "a letter is like no other", `unknown flag "-x"; heirloom demo --help lists them`},
		{"demo --list=maybe", "a flag's value is checked", `--list cannot be "maybe": invalid syntax`},
		{"dmeo", "the nearest command is suggested", `unknown command "dmeo"; did you mean "demo"?`},
		{"nope", "no such command", `unknown command "nope"; heirloom help lists them`},
		{"--nope", "no such flag of the program", `unknown flag "--nope"; heirloom --help lists them`},
		{"help dmeo", "help knows the commands", `unknown command "dmeo"; did you mean "demo"?`},
		{"help demo gather", "a command's argument is no topic", `unknown command "gather"; heirloom help lists them`},
		{"version now", "version takes nothing", `unexpected argument "now"; heirloom version takes no argument`},
		{"run --jobs -1 ::: x", "fewer than none", "--jobs cannot be negative"},
		{"run --jobs many ::: x", "no number", `--jobs cannot be "many": invalid syntax`},
		{"run --timeout 5 ::: x", "no unit", `--timeout cannot be "5", which has no unit; write 5s`},
		{"run --delay .1 ::: x", "nor here", `--delay cannot be ".1", which has no unit; write .1s`},
		{"run --timeout 5x ::: x", "no duration", `--timeout cannot be "5x": time: unknown unit "x" in duration "5x"`},
		{"run --output lnes ::: x", "the nearest value is suggested", `--output cannot be "lnes"; did you mean "lines"?`},
		{"run --color mauve ::: x", "a value like no other", `--color cannot be "mauve", but auto, always, never`},
		{"run --fail-fast --keep-going ::: x", "one or the other", "--fail-fast and --keep-going exclude each other"},
		{"run --resume ::: x", "nothing to resume from", "--resume needs --log, the log to resume from"},
		{"run --env X ::: x", "no value", `--env takes NAME=VALUE, not "X"; jobs have the variables that are set here already`},
		{"run --timeout 200% ::: x", "GNU parallel's share of the median", `--timeout cannot be "200%", a share of the times of other jobs; write a time, as 90s`},
		{"run --unset A,B ::: x", "one name at a time", `--unset takes one NAME, not "A,B"`},
		{"run --retry-on 3 ::: x", "nothing to limit", "--retry-on and --retry-delay need --retries, how often to try again"},
		{"run --retry-delay 1s ::: x", "nothing to delay", "--retry-on and --retry-delay need --retries, how often to try again"},
		{"run --retries 1 --retry-on 3 --retry-on x ::: x", "each list counts", `--retry-on: "x" is neither an exit code from 1 to 255, nor a range such as 100-110, nor timeout`},
		{"run --shell no-such-shell ::: x", "no such shell", `exec: "no-such-shell": executable file not found in $PATH`},
		{"run -f no-such-file", "no such file", "open no-such-file: no such file or directory"},
		{"run -f testdata", "no file", "testdata is a directory"},
		{"run -f x ::: y", "values twice", "there are values after ::: and in a file; which ones?"},
		{"run ::: a ::: b", "values and no command", "there is no command for the values that several ::: combine"},
		{"run echo {3} ::: a ::: b", "a value that no job has", "{3} asks for value 3, and each job has 2"},
		{"run --format toml echo {}", "values in a job file's format", "with a command, the input has values, one on each line, and cannot be toml"},
		{"run --log no/such/dir/log ::: x", "a log that cannot be", "open no/such/dir/log: no such file or directory"},
		{"completion bsh", "a shell is a name too", `unknown shell "bsh"; did you mean "bash"?`},
		{"completion bash now", "one too many", `unexpected argument "now"; heirloom completion takes one at most`},
		{"completion", "one too few", "which shell? bash, zsh, fish or powershell"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			if runtime.GOOS == "windows" && (strings.Contains(tt.want, "no such file") || strings.Contains(tt.want, "PATH")) {
				tt.want = "" // the message differs there
			}
			code, stdout, stderr := heirloom(strings.Fields(tt.args)...)
			assert.Equal(t, 2, code)
			assert.Empty(t, stdout)
			if tt.want == "" {
				assert.Equal(t, 1, strings.Count(stderr, "\n"))
				return
			}
			assert.Equal(t, "heirloom: "+tt.want+"\n", stderr, tt.reason)
		})
	}
}

func TestHelp(t *testing.T) {
	for _, args := range []string{"", "help", "--help", "-h"} {
		code, stdout, stderr := heirloom(strings.Fields(args)...)
		assert.Zero(t, code)
		assert.Contains(t, stdout, "\n  demo        ")
		assert.Contains(t, stdout, "\n  help        Show help for a command\n")
		assert.Empty(t, stderr)
	}
	for _, args := range []string{"help demo", "demo --help"} {
		code, stdout, stderr := heirloom(strings.Fields(args)...)
		assert.Zero(t, code)
		assert.Contains(t, stdout, "Examples:\n  heirloom demo\n")
		assert.Contains(t, stdout, "-h, --help ")
		assert.Empty(t, stderr)
	}
}

func TestVersion(t *testing.T) {
	code, stdout, _ := heirloom("version")
	assert.Zero(t, code)
	assert.Regexp(t, `^heirloom \S+ \(`+runtime.Version()+`.*, `+runtime.GOOS+`/`+runtime.GOARCH+`\)( [0-9a-f]{12})?\n$`, stdout)

	code, stdout, _ = heirloom("version", "--json")
	assert.Zero(t, code)
	assert.Contains(t, stdout, `"go":"`+runtime.Version())
}

func TestCompletion(t *testing.T) {
	for _, name := range []string{"bash", "zsh", "fish", "powershell"} {
		code, stdout, stderr := heirloom("completion", name)
		assert.Zero(t, code)
		assert.Contains(t, stdout, "heirloom")
		assert.Empty(t, stderr)
	}
	_, stdout, _ := heirloom("__complete", "demo", "")
	assert.Contains(t, stdout, "leak\tthe same work")
	_, stdout, _ = heirloom("__complete", "run", "--output", "")
	assert.Contains(t, stdout, "ordered")
	_, stdout, _ = heirloom("__complete", "help", "")
	assert.Contains(t, stdout, "version\t")
}

func TestFailingStdout(t *testing.T) {
	t.Parallel()
	closed := func(c *exec.Cmd) error {
		// A shell can start a program without one of its streams; os/exec can't.
		*c = *exec.Command("sh", append([]string{"-c", `exec "$@" >&-`, "sh"}, c.Args...)...)
		return nil
	}
	unread := func(c *exec.Cmd) error {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		c.Stdout = w
		return r.Close()
	}
	full := func(c *exec.Cmd) (err error) {
		c.Stdout, err = os.OpenFile("/dev/full", os.O_WRONLY, 0)
		return err
	}
	tests := []struct {
		args, reason string
		spoil        func(*exec.Cmd) error
		want         string
	}{
		{"demo basic", "closed from the start", closed, "standard output is closed"},
		{"demo --list", "closed from the start", closed, "standard output is closed"},
		{"demo basic", "a pipe that nobody reads any more", unread, "cannot write to standard output: broken pipe"},
		{"help", "the CLI library writes it, and does not look", unread, "cannot write to standard output: broken pipe"},
		{"completion bash", "the CLI library writes it", full, "cannot write to standard output: no space left on device"},
		{"version --json", "a full disk", full, "cannot write to standard output: no space left on device"},
	}
	for _, tt := range tests {
		t.Run(tt.args+", "+tt.want, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			c := command(t, strings.Fields(tt.args)...)
			env := c.Env
			if err := tt.spoil(c); err != nil || runtime.GOOS == "windows" {
				t.Skip("cannot be brought about here: ", err)
			}
			c.Env = env
			var stderr bytes.Buffer
			c.Stderr = &stderr
			err := c.Run()
			if f, ok := c.Stdout.(*os.File); ok {
				f.Close()
			}
			assert.Equal(t, 1, c.ProcessState.ExitCode(), "%v", err)
			assert.Equal(t, "heirloom: "+tt.want+"\n", stderr.String(), tt.reason)
		})
	}
}

func TestDiscardedOutputIsNoError(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	defer null.Close()
	c := command(t, "version")
	c.Stdout = null
	assert.NoError(t, c.Run(), "what is discarded may look as if it had been closed, and version has an exit code")
}
