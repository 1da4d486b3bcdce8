//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRunValues(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	xy := write("xy", "x\ny\n")
	tests := []struct {
		reason, stdin string
		args          []string
		want          string
	}{
		{"a file of values", "", []string{"echo", "::::", xy}, "x\ny\n"},
		{"files and values, combined", "", []string{"echo", "::::", xy, ":::", "1", "2"}, "x 1\nx 2\ny 1\ny 2\n"},
		{"two files are two lists", "", []string{"echo", "::::", xy, xy}, "x x\nx y\ny x\ny y\n"},
		{"linked values", "", []string{"echo {1}-{2}", ":::", "a", "b", ":::+", "c", "d"}, "a-c\nb-d\n"},
		{"linked with a file", "", []string{"echo", ":::", "a", "b", "::::+", xy, ":::", "1"}, "a x 1\nb y 1\n"},
		{"standard input among them", "1\n2\n", []string{"echo", ":::", "a", "::::", "-"}, "a 1\na 2\n"},
		{"a mark at the start of a file is no value", "", []string{"echo", "::::", write("bom", "\xef\xbb\xbfa\n")}, "a\n"},
		{"columns", "a,1\nb,2\n", []string{"--colsep", ",", "echo {2}{1}"}, "1a\n2b\n"},
		{"so many values for a job", "1\n2\n3\n", []string{"-N2", "echo {1} all {}"}, "1 all 1 2\n3 all 3\n"},
		{"as many as fit", strings.Repeat("12345678\n", 20000), []string{"-X", "echo {} | wc -w"}, "13648\n6352\n"},
		{"as many as fit, and no more than that", "1\n2\n3\n", []string{"-X", "-N2", "echo"}, "1 2\n3\n"},
		{"slots, of which one job at a time has the first", "1\n2\n", []string{"echo {%} \"{%}\" '{%}' {}"}, "1 1 1 1\n1 1 1 2\n"},
		{"how many there are", "", []string{"echo {#}/{##}", ":::", "a", "b"}, "1/2\n2/2\n"},
		{"parts of the input", "1\n2\n3\n", []string{"--pipe", "-N2", "cat; echo {#}"}, "1\n2\n1\n3\n2\n"},
		{"parts of a size, of whole lines", "aaaa\nbbbb\ncccc\n", []string{"--pipe", "--block", "10", "cat; echo {#}"}, "aaaa\nbbbb\n1\ncccc\n2\n"},
		{"a part that is not read", strings.Repeat("x\n", 100000), []string{"--pipe", "--block", "1M", "head -n 1"}, "x\n"},
		{"jobs in TOML, told by their text", "# jobs\n\n[[jobs]]\ncommand = 'echo toml'\n", nil, "toml\n"},
		{"jobs with a mark at their start", "\xef\xbb\xbfecho a\n", nil, "a\n"},
		{"own tags", "", []string{"-o", "lines", "--tagstring", "{#}:{1}", "echo x", ":::", "a"}, "[1:a] x a\n"},
		{"tags, in order, as with GNU parallel's flags", "", []string{"-j2", "-o", "ordered", "--tag", "printf '%s\n\nend'", ":::", "a", "b"}, "[a] a\n[a] \n[a] end\n[b] b\n[b] \n[b] end\n"},
		{"tags of what is printed whole by one job at a time", "", []string{"--tagstring", "{#}", "echo", ":::", "a"}, "[1] a\n"},
		{"tags of parts of the input", "1\n2\n", []string{"--pipe", "-N1", "--tagstring", "{#}", "cat"}, "[1] 1\n[2] 2\n"},
		{"a variable that is not to be there", "", []string{"-e", "A=1", "--unset", "HOME", ":::", "echo $A ${HOME-none}"}, "1 none\n"},
		{"the run's own input for the first", "in\n", []string{"--stdin", "first", ":::", "cat", "cat"}, ""},
		{"half of the processors", "", []string{"-j50%", "echo", ":::", "a"}, "a\n"},
		{"as many as processors", "", []string{"-j+0", "echo", ":::", "a"}, "a\n"},
		{"half of what is read have ended", "1\n2\n3\n4\n5\n6\n7\n8\n", []string{"--halt", "now,success=50%", "echo"}, "1\n2\n3\n4\n"},
		{"enough have succeeded", "", []string{"--halt", "now,success=1", ":::", "echo a", "echo b"}, "a\n"},
		{"retried after some codes only", "", []string{"--retries", "3", "--retry-on", "5-7", ":::", "echo $HEIRLOOM_ATTEMPT; exit $((7 - 7 * ($HEIRLOOM_ATTEMPT / 2)))"}, "1\n2\n"},
		{"-r and blank lines only", "\n \n\t\n", []string{"-r", "echo [{}]"}, ""},
		{"-r and blank lines before a value and behind it", "\n\na\n\n", []string{"-r", "echo [{}]"}, "[a]\n[]\n"},
		{"-r and a name of a blank", " \x00", []string{"-r", "-0", "echo [{}]"}, "[ ]\n"},
		{"blank lines without -r", "\n", []string{"echo [{}]"}, "[]\n"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			code, stdout, stderr := heirloomReading(tt.stdin, append([]string{"run", "-j1"}, tt.args...)...)
			assert.Zero(t, code)
			assert.Equal(t, tt.want, stdout)
			if !strings.Contains(tt.reason, "enough") {
				assert.Empty(t, stderr)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	tests := []struct {
		reason string
		args   []string
		want   string
	}{
		{"no values", []string{"echo"}, `nothing was run: standard input has no values for "echo" (-r if that is no error)`},
		{"commands without :::", []string{"make a", "make b"}, `nothing was run: standard input has no values for "make a make b"; commands themselves follow ::: (-r if that is no error)`},
		{"no values after :::", []string{"echo", ":::"}, `nothing was run: there are no values for "echo" after ::: (-r if that is no error)`},
		{"no jobs", nil, "nothing was run: there are no jobs in standard input (-r if that is no error)"},
		{"an empty command", []string{"", ":::", "true"}, "the command is empty"},
		{"an empty command with values as they come", []string{" ", ""}, "the command is empty"},
		{"an empty command after :::", []string{":::", "true", " "}, "command 2 after ::: is empty"},
		{"lists that do not match", []string{"echo", ":::", "a", "b", ":::+", "c"}, "a list of 2 values is linked with one of 1; each needs a partner"},
		{"linked with nothing", []string{"echo", ":::+", "c"}, ":::+ links values with those of a list before it, and there is none"},
		{"more of it than there is", []string{"echo", ":::", "a", ":::++", "b"}, `":::++" is not a separator; write :::, :::+, :::: or ::::+ and a space behind it; values that begin so can follow :::: in a file`},
		{"another sign behind it", []string{"echo", "::::-", "a"}, `"::::-" is not a separator; write :::, :::+, :::: or ::::+ and a space behind it; values that begin so can follow :::: in a file`},
		{"no space behind it", []string{"echo", ":::a"}, `":::a" is not a separator; write :::, :::+, :::: or ::::+ and a space behind it; values that begin so can follow :::: in a file`},
		{"files without a command", []string{"::::", "x"}, "there is no command for the values in the files after ::::; -f reads commands from a file"},
		{"no file", []string{"echo", "::::"}, "there is no file after ::::"},
		{"GNU parallel's -n", []string{"-n", "2", "echo", ":::", "a"}, "-n is --dry-run; -N 2 gives each job 2 values"},
		{"xargs' -n1", []string{"-n1", "echo", ":::", "a"}, "-n is --dry-run; -N 1 gives each job 1 values"},
		{"tags of values without any", []string{"--tagstring", "{1}", ":::", "echo"}, "there is no command for the values; what follows ::: would be commands"},
		{"tags of values with --pipe", []string{"--pipe", "--tagstring", "{1}", "cat"}, "--tagstring: {1} is a value, and with --pipe there are none: the command reads its part of the input"},
		{"tags before what nobody looks at", []string{"-o", "direct", "--tag", "echo", ":::", "a"}, "direct output does not pass through heirloom, so --tag cannot mark its lines"},
		{"GNU parallel's -k", []string{"-k", "echo"}, `unknown flag "-k"; write -o ordered`},
		{"a longer name of ours", []string{"--halt-on-error", "2"}, `unknown flag "--halt-on-error"; write --halt`},
		{"GNU parallel's --joblog", []string{"--joblog", "x"}, `unknown flag "--joblog"; write --log FILE`},
		{"with a dash more or less", []string{"--line-buffered", "echo"}, `unknown flag "--line-buffered"; write -o lines, or -o direct`},
		{"or without all", []string{"--resumefailed", "echo"}, `unknown flag "--resumefailed"; write --log FILE --resume, which runs those that failed again`},
		{"GNU parallel's --group-by", []string{"--group-by", "1", "cat"}, `unknown flag "--group-by"; write a split before it`},
		{"GNU parallel's --slotreplace", []string{"--slotreplace", "{s}", "echo"}, `unknown flag "--slotreplace"; write {%}`},
		{"GNU parallel's --hashbang", []string{"--hashbang", "echo"}, `unknown flag "--hashbang"; write a script that calls heirloom run`},
		{"a value that is part of a word", []string{"-X", "echo a{}"}, "{} is a part of a word, and becomes several with many values; let it be a word by itself"},
		{"a value where there is none", []string{"--pipe", "cat {}"}, "{} is a value, and with --pipe there are none: the command reads its part of the input"},
		{"a value of all that would be code, before the first runs", []string{"echo $(({}))", ":::", "1", "a[$(id)]"}, `{} of job 2: "a[$(id)]" would be code there, where only a number is not`},
		{"quotes that nobody knows", []string{"--shell", "env", "echo {}", ":::", "a"}, "values cannot be quoted for env; --shell can be sh, bash, zsh, ksh, cmd.exe or pwsh"},
		{"a share of nobody knows what", []string{"--pipe", "--halt", "now,fail=5%", "cat"}, "--halt needs the number of jobs for a percentage, which is not known with --pipe; give it a number"},
		{"no halt", []string{"--halt", "now,fial=1", ":::", "a"}, `--halt cannot be "now,fial=1": what is counted is fail, success or done, as in "now,fail=1"`},
		{"no codes", []string{"--retries", "1", "--retry-on", "0", ":::", "a"}, `--retry-on: "0" is neither an exit code from 1 to 255, nor a range such as 100-110, nor timeout`},
		{"no size", []string{"--pipe", "--block", "x", "cat"}, `--block cannot be "x": not a size, such as 500K, 10M or 2G`},
		{"a pattern that is none", []string{"--colsep", "(", "echo"}, "--colsep cannot be \"(\": missing closing ): `(`"},
		{"two things at once", []string{"--tty", "--json", ":::", "a"}, "--tty and --json exclude each other"},
		{"set and unset", []string{"-e", "A=1", "--unset", "A", ":::", "a"}, "--env and --unset both name A"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			t.Chdir(t.TempDir())
			code, stdout, stderr := heirloom(append([]string{"run"}, tt.args...)...)
			assert.Equal(t, 2, code)
			assert.Empty(t, stdout)
			assert.Equal(t, "heirloom: "+tt.want+"\n", stderr)
		})
	}
}

func TestRunHaltsAfterAResume(t *testing.T) {
	tests := []struct {
		reason, first, second, command string
		stdout                         [2]string
		codes                          [2]int
	}{
		{"half have succeeded already", "now,success=50%", "now,success=50%", "echo", [2]string{"1\n2\n", ""}, [2]int{0, 0}},
		{"three quarters, with those of before", "soon,success=50%", "soon,success=75%", "echo", [2]string{"1\n2\n", "3\n"}, [2]int{0, 0}},
		{"numbers count in the same way", "now,done=2", "now,done=3", "echo", [2]string{"1\n2\n", "3\n"}, [2]int{0, 0}},
		{"all that ended", "now,done=50%", "now,done=50%", "echo", [2]string{"1\n2\n", ""}, [2]int{0, 0}},
		{"what failed is run again, and is no failure until it fails again", "now,fail=50%", "now,fail=50%", "echo {}; exit 1", [2]string{"1\n2\n", "1\n2\n"}, [2]int{1, 1}},
		{"a failure of before is one no more when it succeeds", "now,fail=25%", "now,fail=25%", "echo {}; test -e ran || { >ran; exit 1; }", [2]string{"1\n", "1\n2\n3\n4\n"}, [2]int{1, 0}},
		{"a run without the limit goes on", "now,success=25%", "never", "echo", [2]string{"1\n", "2\n3\n4\n"}, [2]int{0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for i, halt := range []string{tt.first, tt.second} {
				code, stdout, _ := heirloomReading("1\n2\n3\n4\n", "run", "-j1", "--log", "log", "--resume", "--halt", halt, tt.command)
				assert.Equal(t, tt.codes[i], code)
				assert.Equal(t, tt.stdout[i], stdout)
			}
		})
	}
}

func TestRunResults(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	code, stdout, _ := heirloom("run", "-j1", "--results", dir, "echo {}; echo e >&2; exit 3", ":::", "../x")
	assert.Equal(t, 1, code)
	assert.Equal(t, "../x\n", stdout, "it is printed as well")
	for name, want := range map[string]string{"stdout": "../x\n", "stderr": "e\n"} {
		text, err := os.ReadFile(filepath.Join(dir, "1", name))
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
	text, err := os.ReadFile(filepath.Join(dir, "1", "result.json"))
	require.NoError(t, err)
	assert.Contains(t, string(text), `"exit":3`)

	code, _, stderr := heirloom("run", "--results", dir, ":::", "touch ran")
	assert.Equal(t, 2, code, "what is there is not written over")
	assert.Equal(t, "heirloom: "+dir+" is not empty; results go into a directory of their own\n", stderr)
}

func TestRunKeepsBytes(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	args := []string{"run", "-0", "-q", "--log", log, "--resume", "echo {}"}
	_, stdout, _ := heirloomReading("caf\xe9\x00x", args...)
	assert.Contains(t, stdout, "caf\xe9\n")
	code, stdout, _ := heirloomReading("caf\xe9\x00x\x00caf\ufffd", args...)
	assert.Zero(t, code)
	assert.Equal(t, "caf\ufffd\n", stdout, "what only looks like it was not run before")

	_, stdout, _ = heirloomReading("\xff", "run", "--json", "printf %s")
	// Releases of Go differ in how they write a replacement for bytes that are not
	// characters.
	line, _, _ := strings.Cut(stdout, "\n")
	var got struct {
		Job, Stdout, Stderr string
		JobBase64           []byte `json:"job_base64"`
		StdoutBase64        []byte `json:"stdout_base64"`
	}
	require.NoError(t, json.Unmarshal([]byte(line), &got))
	assert.Equal(t, "\ufffd", got.Job)
	assert.Equal(t, "\xff", string(got.JobBase64))
	assert.Equal(t, "\ufffd", got.Stdout)
	assert.Equal(t, "\xff", string(got.StdoutBase64))
	assert.Empty(t, got.Stderr)
}

func TestRunShowsNamesHarmlessly(t *testing.T) {
	const evil = "evil\x1b[2J\x1b]0;x\a\u202e\u009b\x7f漢字"
	for _, args := range [][]string{{"false"}, {"-o", "lines", "echo x; false"}, {"--json", "false"}} {
		log := filepath.Join(t.TempDir(), "log")
		_, stdout, stderr := heirloom(append(append([]string{"run", "--log", log}, args...), ":::", evil)...)
		text, err := os.ReadFile(log)
		require.NoError(t, err)
		for _, r := range "\x1b\a\u202e\u009b\x7f" {
			assert.NotContains(t, stderr, string(r))
			assert.NotContains(t, string(text), string(r), "logs are looked at too")
			if args[0] != "-o" { // the job itself prints the value
				assert.NotContains(t, stdout, string(r))
			}
		}
	}
}
