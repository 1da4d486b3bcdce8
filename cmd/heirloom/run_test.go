//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func TestRunReadsJobs(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	const object = `{"command": "echo json"}`
	tests := []struct {
		name, reason, stdin string
		args                []string
		want                string
	}{
		{"lines", "commands on standard input", "echo a\n\n# no\necho b", nil, "a\nb\n"},
		{"NUL", "which may have several lines", "echo a\necho b\x00echo c\x00", []string{"-0"}, "a\nb\nc\n"},
		{"JSON lines", "recognised by their text", "\n " + object + "\n", nil, "json\n"},
		{"spaced", "recognised by their text, however written", `{ "command": "echo json"}`, nil, "json\n"},
		{"braces", "a shell knows braces too", "{ echo a; }\n{ echo b; }", nil, "a\nb\n"},
		{"forced", "the flag decides", object, []string{"--format", "jsonl"}, "json\n"},
		{"forced lines", "the flag decides, whatever the text", "{ \"echo\" a; }", []string{"--format", "lines"}, "a\n"},
		{"TOML file", "recognised by its name", "", []string{"-f", write("a.toml", "[[jobs]]\ncommand = 'echo toml'\n")}, "toml\n"},
		{"JSON file", "recognised by its name", "", []string{"-f", write("a.jsonl", object)}, "json\n"},
		{"file", "recognised by its text", "", []string{"-f", write("jobs", object)}, "json\n"},
		{"dash", "standard input by name", "echo a", []string{"-f", "-"}, "a\n"},
		{"nothing", "no jobs are no error if one says so", "", []string{"-r"}, ""},
		{"commands", "after :::", "", []string{":::", "echo a", "echo b"}, "a\nb\n"},
		{"values", "after :::", "", []string{"echo {#} {}", ":::", "a b", "$HOME"}, "1 a b\n2 $HOME\n"},
		{"words", "a command of several words, with flags of its own", "", []string{"echo", "-j", "{2}{1}", ":::", "a", "b", ":::", "c"}, "-j ca\n-j cb\n"},
		{"value lines", "on standard input", "a b\n\nc'd", []string{"echo [{}]"}, "[a b]\n[]\n[c'd]\n"},
		{"value file", "in a file", "", []string{"-f", write("values", "x\ny\n"), "echo"}, "x\ny\n"},
		{"value NULs", "as from find -print0", "a\nb\x00", []string{"-0", "echo"}, "a\nb\n"},
		{"no values", "an empty list is no error if one says so", "", []string{"-r", "echo", ":::"}, ""},
		{"variables", "from the command line", "", []string{"-e", "A=1", "-e", "B=x=y", ":::", "echo $A $B"}, "1 x=y\n"},
		{"shell", "another one", "", []string{"--shell", "env", ":::", "x"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			if tt.name == "shell" {
				if _, err := exec.LookPath("bash"); err != nil {
					t.Skip("no bash")
				}
				tt.args, tt.want = []string{"--shell", "bash", ":::", "echo $((1 + 1)) ${BASH_VERSION:+bash}"}, "2 bash\n"
			}
			code, stdout, stderr := heirloomReading(tt.stdin, append([]string{"run", "-j1"}, tt.args...)...)
			assert.Zero(t, code)
			assert.Equal(t, tt.want, stdout, tt.reason)
			assert.Empty(t, stderr, "nothing went wrong, and nobody is watching")
		})
	}
}

func TestRunRefusesBadJobFiles(t *testing.T) {
	tests := []struct{ stdin, reason, want string }{
		{`{"comand": "x"}`, "a misspelt field", `line 1: a job has no "comand"; did you mean "command"?`},
		{`{"name": "a", "command": "touch ran", "needs": ["b"]}` + "\n" + `{"name": "b", "command": "touch ran", "needs": ["a"]}`,
			"jobs that wait for each other", "jobs wait for each other: a → b → a"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			t.Chdir(t.TempDir())
			code, stdout, stderr := heirloomReading(tt.stdin, "run")
			assert.Equal(t, 2, code)
			assert.Empty(t, stdout)
			assert.Equal(t, "heirloom: standard input: "+tt.want+"\n", stderr)
			assert.NoFileExists(t, "ran")
		})
	}
}

func TestRunExitCodes(t *testing.T) {
	tests := []struct {
		args, reason string
		code         int
		last         string // the last line of stderr
	}{
		{"::: true", "all succeeded", 0, ""},
		{"::: true false", "one failed", 1, "heirloom: 1 of 2 jobs failed"},
		{"--timeout 1ms ::: 'sleep 600'", "one timed out", 124, "heirloom: 1 of 1 job timed out"},
		{"-q ::: false", "failure is reported even so", 1, "heirloom: 1 of 1 job failed"},
		{"--retries 3 ::: '[ $HEIRLOOM_ATTEMPT = 2 ]'", "in the end, all succeeded", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			t.Parallel()
			var args []string
			for i, quoted := range strings.Split(tt.args, "'") {
				if i%2 == 1 {
					args = append(args, quoted)
				} else {
					args = append(args, strings.Fields(quoted)...)
				}
			}
			code, _, stderr := heirloom(append([]string{"run"}, args...)...)
			assert.Equal(t, tt.code, code, tt.reason)
			lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
			assert.Equal(t, tt.last, lines[len(lines)-1])
		})
	}
}

// In a file, only the job that is to run out of time has a limit.
func TestRunExitCodesWithTimeouts(t *testing.T) {
	const late = `{"command": "sleep 600", "timeout": "1ms"}`
	for command, want := range map[string]struct {
		code int
		last string
	}{
		"true":  {124, "heirloom: 1 of 2 jobs timed out\n"},
		"false": {1, "heirloom: 2 of 2 jobs failed\n"},
	} {
		code, _, stderr := heirloomReading(fmt.Sprintf("{\"command\": %q}\n%s\n", command, late), "run")
		assert.Equal(t, want.code, code)
		assert.True(t, strings.HasSuffix(stderr, want.last), stderr)
	}
}

func TestRunFailFastEndsTheRun(t *testing.T) {
	start := time.Now()
	code, _, stderr := heirloom("run", "-j2", "--fail-fast", ":::", "false", "sleep 600", "sleep 600")
	assert.Equal(t, 1, code)
	assert.Less(t, time.Since(start), 5*time.Minute)
	assert.Contains(t, stderr, "heirloom: 1 of ")
}

func TestRunSummary(t *testing.T) {
	commands := []string{":::", "true", "exit 3"}
	_, _, stderr := heirloom(append([]string{"run", "-j1"}, commands...)...)
	assert.Regexp(t, `^STATE   TIME +TRIES  JOB     WHY
failed  \d+\.\d\ds  1      exit 3  exit code 3
2 jobs in \d+\.\d\ds: 1 ok, 1 failed
heirloom: 1 of 2 jobs failed
$`, stderr, "of what failed")

	_, _, stderr = heirloom(append([]string{"run", "-j1", "--summary", "always"}, commands...)...)
	assert.Regexp(t, `^STATE .*\nok      \d+\.\d\ds +1      true    \nfailed `, stderr, "of everything")

	for _, flag := range []string{"-q", "--summary=never"} {
		_, _, stderr = heirloom(append([]string{"run", flag}, commands...)...)
		assert.Equal(t, "heirloom: 1 of 2 jobs failed\n", stderr)
	}

	_, _, stderr = heirloomReading(strings.Repeat("false\n", 40), "run", "-j8")
	assert.Equal(t, 1+jobs.MaxResults+1+1+1, strings.Count(stderr, "\n"), "some of many")
	assert.Contains(t, stderr, "\nand 10 more; --log FILE keeps them all\n40 jobs in ")

	_, _, stderr = heirloom("run", ":::", "echo 'two\nlines' && printf '"+strings.Repeat("x", 80)+"'; false")
	assert.Contains(t, stderr, "echo 'two lines' && printf 'xxx")
	assert.Contains(t, stderr, "…")
}

func TestRunJSON(t *testing.T) {
	code, stdout, stderr := heirloom("run", "-j1", "--json", ":::", "echo a", "echo b >&2; exit 3")
	assert.Equal(t, 1, code)
	assert.Equal(t, "heirloom: 1 of 2 jobs failed\n", stderr)
	type line struct {
		jobs.Result
		Stdout, Stderr string
		Summary        *struct {
			OK, Failed int
			Seconds    float64
		}
	}
	var lines []line
	for d := json.NewDecoder(strings.NewReader(stdout)); d.More(); {
		var l line
		require.NoError(t, d.Decode(&l))
		lines = append(lines, l)
	}
	require.Len(t, lines, 3)
	assert.Equal(t, "a\n", lines[0].Stdout)
	assert.Equal(t, jobs.OK, lines[0].State)
	assert.Equal(t, "b\n", lines[1].Stderr)
	assert.Equal(t, 3, lines[1].Exit)
	require.NotNil(t, lines[2].Summary)
	assert.Equal(t, 1, lines[2].Summary.Failed)
	assert.Positive(t, lines[2].Summary.Seconds)
}

func TestRunDryRun(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	code, stdout, stderr := heirloom("run", "-n", "--log", log, "touch "+dir+"/{}", ":::", "a", "b")
	assert.Zero(t, code)
	assert.Equal(t, "touch "+dir+"/a\ntouch "+dir+"/b\n", stdout)
	assert.Empty(t, stderr)
	assert.NoFileExists(t, dir+"/a")
	assert.NoFileExists(t, log)

	_, stdout, _ = heirloom("run", "-n", "--json", "x {}", ":::", "a")
	assert.Equal(t, `{"number":1,"job":"a","command":"x a"}`+"\n", stdout)
}

func TestRunResume(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	args := []string{"run", "-j1", "--log", log, "echo {}; [ {} != b ] || [ -e " + dir + "/fixed ]", ":::", "a", "b", "c"}
	code, stdout, _ := heirloom(args...)
	assert.Equal(t, 1, code)
	assert.Equal(t, "a\nb\nc\n", stdout)

	require.NoError(t, os.WriteFile(dir+"/fixed", nil, 0o644))
	resume := append([]string{"run", "--resume"}, args[1:]...)
	_, stdout, _ = heirloom(append([]string{"run", "-n"}, resume[1:]...)...)
	assert.Equal(t, 1, strings.Count(stdout, "\n"), "a dry run shows what is left")

	code, stdout, stderr := heirloom(resume...)
	assert.Zero(t, code)
	assert.Equal(t, "b\n", stdout)
	assert.Empty(t, stderr)

	code, stdout, _ = heirloom(resume...)
	assert.Zero(t, code)
	assert.Empty(t, stdout, "all is done")

	code, stdout, _ = heirloom(args...)
	assert.Zero(t, code)
	assert.Equal(t, "a\nb\nc\n", stdout, "without --resume, all is done again")

	require.NoError(t, os.WriteFile(log, []byte("hello\n"), 0o644))
	code, _, stderr = heirloom(resume...)
	assert.Equal(t, 2, code)
	assert.Equal(t, "heirloom: "+log+": line 1 is not a line of a job log\n", stderr)
}
