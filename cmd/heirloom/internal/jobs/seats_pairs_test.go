//go:build unix

package jobs_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// An index is an expression in which a command runs, of an array that zsh always has.
const index = "path[$(touch ran)]"

// pairs are commands of which the value next to them is code in some shell, so that it
// is refused there.
var pairs = [][2]string{
	// Variables that the shell makes integers.
	{"RANDOM={}", index}, {"x={}; OPTIND=$x", index}, {"SECONDS={} true", index}, {"x={}; COLUMNS=$x", index}, {"x={}; : ${LINES:=$x}", index}, {"HISTCMD={}", index},
	{"export RANDOM={}", index}, {"declare SECONDS={}", index}, {"for RANDOM in {}; do :; done", index}, {"read RANDOM <<< {}", index},
	{"printf -v RANDOM %s {}", index}, {"RANDOM=({})", index}, {"x={}; SHLVL=$x", index}, {"x={}; unset SECONDS; : ${SECONDS:=$x}", index},
	// Declarations that are no keywords to all shells.
	{"float x={}", index}, {"integer x={}", index}, {"builtin float x={}", index}, {"command typeset -i x={}", index}, {"noglob let x={}", index},
	{"exec let x={}", index}, {"builtin -- let x={}", index}, {"zmodload zsh/param/private; f() { private -i x={}; }; f", index},
	// Builtins that take expressions, names or code.
	{"printf {} x", "-vx[$(touch ran)]"}, {"x={}; printf $x y", "-vx[$(touch ran)]"}, {`x={}; printf "$x" y`, "-vx[$(touch ran)]"}, {`printf "$(echo {})" x`, "-vx[$(touch ran)]"},
	{"printf -vx[{}] y", "$(touch ran)"}, {"print {}", "-vx[$(touch ran)]"}, {"printf %n {}", index}, {"printf %hd {}", index}, {"printf '%*s' {} x", index}, {"printf {1} {1}", "%d"},
	{"repeat {} do :; done", index}, {"x={}; repeat $x :", index}, {"repeat 1 eval {}", ">ran"}, {"repeat 1 let {}", index}, {"[ -t {} ]", index}, {"[[ -t {} ]]", index},
	{"x={}; [[ -t $x ]]", index}, {"logout {}", index}, {"bye {}", index}, {"getln {}", index},
	{"zmodload zsh/zpty; zpty -b x {}", ">ran"}, {"zmodload zsh/zutil; zstyle -e x y {}; zstyle -s x y z", ">ran"}, {"zmodload zsh/system; sysread -t {} x", index},
	{"x={}; y=abc; echo ${(l:x:)y}", index}, {"echo $[{}]", index}, {"x={}; echo $[x]", index}, {"x={}; y=([$x]=1)", index},
	{"functions[x]={}; x", ">ran"}, {"zmodload zsh/parameter; aliases[x]={}; eval x", ">ran"}, {"env BASH_FUNC_ls%%={} bash -c ls", "() { >ran\n}"},
	{"echo $'{}'; x={}; echo $(($x+1)); export x={}", ";>ran;\\"}, {"echo $'{}'", "\\';>ran;'"},
	{": >f; ls f*(e:{}:)", ">ran"}, {": >f; ls f*(e:'{}':)", ">ran"}, {": >f; x={}; ls f*(e:$x:)", ">ran"}, {"echo {}>out; ls *(e:{}:)", "-n\n>ran\n^-n"},
	// Descriptors, and what shells read.
	{"echo >&{}", index}, {"x={}; echo >& $x", index}, {"echo {} > >(sh)", ">ran"}, {". /proc/self/fd/0 <<< {}", ">ran"}, {"bash /dev/fd/3 3<<< {}", ">ran"},
	{"x={}; bash /dev/fd/3 3<<E\n$x\nE", ">ran"}, {"bash --rcfile <(echo {}) -i </dev/null", ">ran"}, {"export x={}; bash <<'E'\neval \"$x\"\nE", ">ran"},
	{`f() { echo "$1"; }; f {} | sh`, ">ran"}, {`f() { echo "$1"; }; sh <(f {})`, ">ran"}, {"echo {} | xargs -0 -I@ perl -e '@'", "system 'touch ran'"},
	{"echo {} | parallel", "touch ran"}, {"eval $x {}", ">ran"}, {"PERL5DB={} perl -d -e 1", "system 'touch ran'"},
	{"LUA_INIT={} lua -e 1", "os.execute('touch ran')"}, {"MAKEFLAGS={} make", "--eval=$(shell touch ran)"},
}

func TestValuesNextToCommands(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range pairs {
				execute(t, name, shell, p[0], p[1])
			}
		})
	}
}

// In none of these is the value run: they are refused whether the shells that do so are
// there to try or not.
func TestValuesNextToCommandsAreRefused(t *testing.T) {
	for _, tt := range []struct{ shell, command, value string }{
		{"sh", "RANDOM={}", index}, {"sh", "eval $x {}", "a"}, {"sh", "printf {} x", "-vx"}, {"sh", "echo >&{}", "f"}, {"bash", "x={}; echo >&$x", "f"},
		{"sh", "x={}; tar cf x.tar $x", "--use-compress-program=x"}, {"sh", "env BASH_FUNC_x%%={} bash -c x", "a"}, {"sh", "LESS={} less x", "a"},
		{"bash", "echo {} | crontab -", "a"}, {"bash", "ssh host $x {}", "a"}, {"sh", "GIT_CONFIG_VALUE_0={} git x", "a"}, {"bash", "command typeset -i x={}", "1"},
	} {
		shell, err := jobs.NamedShell(tt.shell)
		if err != nil {
			t.Skip(err)
		}
		parsed, err := jobs.ParseTemplate(tt.command, shell, jobs.TemplateOptions{Values: 1})
		if err == nil {
			_, err = parsed.Expand(1, []string{tt.value})
		}
		require.Error(t, err, tt.command)
	}
	shell, err := jobs.NamedShell("sh")
	require.NoError(t, err)
	for command, value := range map[string]string{
		"RANDOM={}; echo $RANDOM": "5", "LINES={} top": "24", "echo >&{}": "2", "printf 'x{}' y": "-v", "printf -- {}": "-v", `f={}; gzip "$f"`: "-x", "sh -s <<'E'\necho $x\nE\necho {}": "a",
		"f() { gzip \"$1\"; }; f {}": "-x", "cat {} | xargs -I% awk '{print $1}' %": "a b", "echo {} | parallel gzip": "a b", "cp {} /dev/fd/1": "a b",
	} {
		parsed, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
		if assert.NoError(t, err, command) {
			_, err = parsed.Expand(1, []string{value})
			assert.NoError(t, err, command)
		}
	}
}
