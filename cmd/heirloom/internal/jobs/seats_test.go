//go:build unix

package jobs_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// hostile are pieces of values that would run something, were they ever code: each
// makes a file called ran.
var hostile = []string{
	"$(>ran)", "`>ran`", ";>ran;", "&>ran&", "|>ran|", "\n>ran\n", "\nE\n>ran\n", "a[$(>ran)]", "a[`>ran`]", "'", `"`, `\`, `\'`, `\"`,
	"$", "#", "(", ")", "}", "{", "!", "*", "~", "=", " ", "-n", "%", "^", "if", "done", "esac", "2", "é", "\xff", "'$(>ran)'", `"$(>ran)"`, ")>ran;(", "${x:=$(>ran)}",
	"$(shell touch ran)", "touch ran|", "|touch ran", "\");system(\"touch ran\");(\"", "';system('touch ran');'", "system touch ran", "1e touch ran",
	"';__import__('os').system('touch ran');'", "!touch ran", index, "-vx[$(touch ran)]",
}

// options are values that programs with options that run something take for those.
var options = []string{
	"-oProxyCommand=>ran", "-Stouch ran", "-esystem 'touch ran'", "-e1e touch ran", "--eval=$(shell touch ran)", "X=$(shell touch ran)", "--checkpoint-action=exec=touch ran",
	"--to-command=touch ran", "+!touch ran", "touch ran|",
}

// exact are commands that print their value and a stop, and are to print it as it
// is.
var exact = []string{
	"printf %s. {}", `printf %s. "{}"`, "printf %s. '{}'", `printf '%s.' "$(printf %s. {} | tr -d '' )" | sed 's/\.\.$/./'`,
	`printf %s. ""{}''`, "printf %s. $(:){}", `x={}; printf %s. "$x"`, `x="{}"; printf %s. "$x"`, `x='{}' y=1; printf %s. "$x"`,
	`sh -c 'printf %s. "{}"'`, `sh -c "printf %s. {}"`, `sh -c "printf %s. '{}'"`, `sh -c 'sh -c "printf %s. {}"'`, "eval printf %s. {}",
	"eval 'printf %s. \"{}\"'", `trap 'printf %s. {}' EXIT`, `case {} in {}) printf %s. {};; *) echo no;; esac`,
	`f() { printf %s. "$1"; }; f {}`, `for x in {}; do printf %s. "$x"; done`, `if [ {} = {} ]; then printf %s. {}; fi`,
	`(printf %s. {})`, `{ printf %s. {}; }`, `true && printf %s. {} || true`, "env sh -c 'printf %s. {}'", `x=a; printf %s. "${x#a}"{}`,
	`find . -maxdepth 0 -exec sh -c 'printf %s. "$1"' _ {1} ';'`, `printf %s. {} # a comment`,
	`x={}; i=0; while [ "$i" = 0 ]; do printf %s. "$x"; i=1; done`, `sh -c 'printf %s. "$1"' _ {}`, `X={} sh -c 'printf %s. "$X"'`, `env X={} sh -c 'printf %s. "$X"'`,
	`eval "$(echo :)"; printf %s. {}`, `set -- {}; printf %s. "$1"`, `trap -- 'printf %s. {}' EXIT`, `sh -ec 'printf %s. {}'`,
	"sh -s {} <<'E'\nprintf %s. \"$1\"\nE", `sh -e -c 'printf %s. "$1"' x {}`, `timeout 9 sh -c 'printf %s. {}'`,
	"flock f sh -c 'printf %s. {}'", "flock f -c 'printf %s. {}'", "flock -n -w 9 f env -u c printf %s. {}", "flock f sh -c 'printf %s. \"$1\"' -c {}",
}

// guarded are commands of which some shell makes code of a value, so that they are
// refused, or the value is.
var guarded = []string{
	"echo `echo {}`", "cat <<E\n{}\nE", "cat <<'E'\n{}\nE", "echo $(({}))", "[ {} -eq 1 ]", "[[ {} -eq 1 ]]", "(( {} ))", "let x={}", "declare -i x={}",
	"export x={}", "readonly {}", "unset {}", "read {} </dev/null", "printf -v {} x", "printf %d {}", "test -v {}", "exit {}", "shift {}", "x[{}]=1",
	"echo ${x:-{}}", `echo "${x:-{}}"`, "echo ${x[{}]}", "echo $'{}'", `echo $"{}"`, "echo # {}", `echo \{}`, `echo "\{}"`, "echo $x{}", "echo ${}",
	"{} x", "x{}=1", "{}>out", "echo {}>out", "{}() { :; }", "eval 'echo `echo {}`'", `sh -c "echo \"{}\""`, "sh -c \"echo $HOME {}\"", "sh -c '{}'",
	"sh -c {}", "eval {}", "trap {} EXIT", "$0 -c {}", "alias x={}", "[[ a =~ {} ]]", "[[ a == {} ]]", "echo <(echo {})", "echo {a,{}}", "a=({})",
	"for ((i={};i<1;i++)); do :; done", "awk \"BEGIN{print {}}\"", "awk {}", "sed s/a/{}/ /dev/null", "select {} in a; do :; done </dev/null", "coproc {} { :; }",
	"echo $#{}", "echo $:{}", "print {}", "typeset -i x={}", "integer x={}", "float x={}", "echo ${(e)x}{}", "ls *(e:{}:)", "echo @({})", "x+={}",
	"echo ~{}", "function {} { :; }", "time {}", "! {}", "case a in {}) ;; esac", "case {} in a) ;; esac", "while {}; do break; done", "f() { {}; }",
	"printf %s. \"`printf %s {}`\"", "read -t {} x </dev/null", "return {}", "local x={}", "let {}", "echo =({})", "hash {}", "ulimit -n {}", "wait {}", "kill {}",
}

func shells(t testing.TB) map[string]*jobs.Shell {
	found := map[string]*jobs.Shell{}
	for _, name := range []string{"sh", "dash", "bash", "zsh", "ksh", "bash --posix", "busybox sh"} {
		if s, err := jobs.NamedShell(name); err == nil {
			found[name] = s
		}
	}
	if len(found) == 0 {
		t.Skip("no shell here")
	}
	return found
}

// execute runs the template with the value in the shell, and reports whether it
// was run and what it printed.
func execute(t testing.TB, name string, shell *jobs.Shell, command, value string) (stdout string, ran bool) {
	t.Helper()
	parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
	if err != nil {
		return "", false
	}
	text, err := parsed.Expand(1, []string{value})
	if err != nil {
		return "", false
	}
	dir := t.TempDir()
	path, args := shell.Command(text, false)
	c := exec.CommandContext(t.Context(), path, args[1:]...)
	c.Dir = dir
	// A shell begins with the _ that it is given, which may be a program to run.
	c.Env = append(os.Environ(), "ZDOTDIR="+dir, "_=")
	out, _ := c.Output()
	_, err = os.Stat(filepath.Join(dir, "ran"))
	require.Error(t, err, "%s: the value %q became code in %q: %q", name, value, command, text)
	return string(out), true
}

func TestValuesNeverBecomeCode(t *testing.T) {
	values := hostile
	if testing.Short() {
		values = hostile[:8]
	}
	found := shells(t)
	all := slices.Sorted(maps.Keys(found))
	for turn, name := range all {
		shell := found[name]
		// Each of these for one of the shells, or for all if there is time.
		mine := func(i int) bool { return i%len(all) == turn || os.Getenv("HEIRLOOM_SLOW") != "" }
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// All at once where that is possible, and each alone where it makes a
			// difference.
			all := strings.Join(hostile, "")
			for _, command := range exact {
				out, ran := execute(t, name, shell, command, all)
				if assert.True(t, ran, command) {
					assert.Equal(t, all+".", out, command)
				}
			}
			for _, command := range guarded {
				execute(t, name, shell, command, all)
			}
			for i, v := range values {
				execute(t, name, shell, guarded[i%len(guarded)], v)
				execute(t, name, shell, exact[i%len(exact)], v)
			}
			for i, command := range guarded {
				execute(t, name, shell, command, []string{"a[$(>ran)]", ";>ran;", "\n>ran\n"}[i%3])
			}
			for i, command := range slices.Concat(indirect, executing) {
				if !mine(i) {
					continue
				}
				execute(t, name, shell, command, []string{"a[$(>ran)]", ";>ran;"}[i%2])
				execute(t, name, shell, command, options[i%len(options)])
			}
		})
	}
}

// Not all that is like one of the commands above is refused.
func TestFileNamesAreData(t *testing.T) {
	shell, err := jobs.NamedShell("bash")
	if err != nil {
		t.Skip(err)
	}
	for _, command := range harmless {
		parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
		if assert.NoError(t, err, command) {
			_, err = parsed.Expand(1, []string{"a (1)'s.txt"})
			assert.NoError(t, err, command)
		}
	}
}

func TestOptionsThatRunTheirArgument(t *testing.T) {
	shell, err := jobs.NamedShell("bash")
	if err != nil {
		t.Skip(err)
	}
	for _, command := range executing {
		parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
		if err == nil {
			_, err = parsed.Expand(1, []string{"touch ran"})
		}
		assert.Error(t, err, command)
	}
}

// Options may follow the code that the command gives, and a file be a command.
func TestOperandsThatAreRun(t *testing.T) {
	shell, err := jobs.NamedShell("sh")
	if err != nil {
		t.Skip(err)
	}
	for command, value := range map[string]string{
		"perl -pe s/a/b/ {}": "-esystem 'touch ran'", "perl -e 1 {}": "-esystem 'touch ran'", "awk -f p {}": `-eBEGIN{system("touch ran")}`,
		"node -e 1 {}": "--import=data:text/javascript,1", "php -r 1 {}": "-dauto_prepend_file=x", "lua -e 1 {}": "-eos.execute('touch ran')",
		"psql -c 'select 1' db {}": `-c\! touch ran`, "mysql db {}": `--execute=\! touch ran`, "split x {}": "--filter=touch ran", "su {}": "-ctouch ran",
		"wget -q {}": "--use-askpass=x", "nc {} 80": "-ex", "rg {} .": "--pre=x", "fd {} .": "--exec=x", "go test {}": "-exec=x", "gcc {} x.c": "-wrapper", "m4 {} f": "-Dx=1",
		"ed {}": "!touch ran", "ed -s {}": "!touch ran", "socat - TCP:{}:80": "a!!EXEC:x", "ssh -J {} h": "-oProxyCommand=x",
	} {
		parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
		if assert.NoError(t, err, command) {
			_, err = parsed.Expand(1, []string{value})
			assert.Error(t, err, command)
		}
	}
	for command, value := range map[string]string{
		"socat - TCP:{}:80": "example.org", "ssh -J {} h": "user@jump:22,[::1]", "perl -e 1 -- {}": "-e", "nc -z -- {} 80": "-e", "rg -- {} .": "--pre=x",
		"python3 -c 1 {}": "-c", "awk '{print}' {}": "-e", "nc -z {} 80": "example.org",
	} {
		parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
		if assert.NoError(t, err, command) {
			_, err = parsed.Expand(1, []string{value})
			assert.NoError(t, err, command)
		}
	}
}

// Several values are several words, which are no data where the shell takes one.
func TestSeveralValuesWhereOneIsData(t *testing.T) {
	shell, err := jobs.NamedShell("sh")
	if err != nil {
		t.Skip(err)
	}
	expand := func(command string) (string, error) {
		parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 2})
		require.NoError(t, err, command)
		return parsed.Expand(1, []string{"a b", "id"})
	}
	for _, command := range []string{
		"x={}; echo $x", "x={} true", "export x={}", "env X={} true", ">{} true", "> {} true", "true <{}", "sh -c 'x={}'", "eval 'x={}; :'", "echo {}.bak", "echo x{}",
		"timeout {} true", "nice -n {} true", "flock {} true", "flock -w 5 {} true", "xargs -a {} rm", "ssh {}", "ssh {} true", "ssh -i {} host true",
	} {
		_, err := expand(command)
		assert.ErrorContains(t, err, "only one value can stand there, and the job has 2", command)
	}
	for command, want := range map[string]string{
		"cp {}": "cp 'a b' id", "x='{}'": "x='a b id'", "x={1}; y={2}": "x='a b'; y=id", "for i in {}; do echo $i; done": "for i in 'a b' 'id'; do echo $i; done",
		"timeout 5 cp {}": "timeout 5 cp 'a b' id", "nice -n 5 cp {} x": "nice -n 5 cp 'a b' id x", "flock f cp {} x": "flock f cp 'a b' id x", "x=$(cat {})": "x=$(cat 'a b' id)",
		"ssh host cat {}": `ssh host cat ''\''a b'\'' id'`, "echo {1}.bak": "echo 'a b'.bak", `echo "x {}"`: `echo "x a b id"`,
	} {
		text, err := expand(command)
		if assert.NoError(t, err, command) {
			assert.Equal(t, want, text)
		}
	}
}

// Some commands of git's give a shell what follows a letter that is another option to
// the rest of them.
func TestOptionsOfGitCommands(t *testing.T) {
	shell, err := jobs.NamedShell("sh")
	if err != nil {
		t.Skip(err)
	}
	expand := func(command string) string {
		parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
		require.NoError(t, err, command)
		text, err := parsed.Expand(1, []string{"it's; touch ran"})
		require.NoError(t, err, command)
		return text
	}
	_, quoted, _ := strings.Cut(expand("sh -c 'echo {}' x"), "sh -c")
	for _, command := range []string{"git rebase -x", "git -C d rebase -i -x", "git difftool -y -x", "git clone -u"} {
		assert.Equal(t, command+quoted, expand(command+" 'echo {}' x"))
	}
	_, quoted, _ = strings.Cut(expand("cat {}"), "cat")
	for _, command := range []string{"git cherry-pick -x", "git clean -x", "git push -u origin"} {
		assert.Equal(t, command+quoted, expand(command+" {}"))
	}
}

// FuzzValues runs commands put together of pieces, never the fuzzer's own text.
func FuzzValues(f *testing.F) {
	f.Add([]byte{0, 1, 2}, []byte{0, 9, 5})
	f.Fuzz(func(t *testing.T, pieces, value []byte) {
		templates := slices.Concat(exact, guarded, indirect, executing)
		for _, p := range pairs {
			templates = append(templates, p[0])
		}
		command := "true"
		for _, p := range pieces[:min(len(pieces), 3)] {
			command += "; " + templates[int(p)%len(templates)]
		}
		var v strings.Builder
		for _, p := range value[:min(len(value), 12)] {
			v.WriteString(hostile[int(p)%len(hostile)])
		}
		for name, shell := range shells(t) {
			execute(t, name, shell, command, v.String())
		}
	})
}
