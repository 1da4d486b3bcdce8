package jobs_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func template(t testing.TB, command string, o jobs.TemplateOptions) *jobs.Template {
	t.Helper()
	sh, err := jobs.NamedShell("sh")
	if err != nil {
		t.Skip(err)
	}
	parsed, err := jobs.ParseTemplate(command, sh, o)
	require.NoError(t, err)
	return parsed
}

func TestTemplate(t *testing.T) {
	tests := []struct {
		command, reason string
		values          []string
		want            string
	}{
		{"gzip {}", "the value", []string{"a b"}, "gzip 'a b'"},
		{"gzip", "a value has to go somewhere", []string{"a"}, "gzip a"},
		{"gzip \n", "behind the command, not on a line of its own", []string{"a"}, "gzip a"},
		{"echo {#}", "a command that says what it wants gets no value", []string{"a"}, "echo 7"},
		{"echo {%} '{%}' \"{%}\" {}", "a slot is the shell's to fill in, so that the command is the same in each run", []string{"a"},
			`echo ${HEIRLOOM_SLOT} ''"${HEIRLOOM_SLOT}"'' "${HEIRLOOM_SLOT}" a`},
		{"sh -c 'echo {%} {}'", "in code too", []string{"a b"}, `sh -c 'echo ${HEIRLOOM_SLOT} '\''a b'\'''`},
		{"ssh -vp 22 -oBatchMode=no host 'echo {}'", "in code for another machine, whose name comes after options", []string{"a;b"},
			`ssh -vp 22 -oBatchMode=no host 'echo '\''a;b'\'''`},
		{"cp {} {}.bak", "as often as it is asked for", []string{"a"}, "cp a a.bak"},
		{"x {.}", "without extension", []string{"d/a.tar.gz"}, "x d/a.tar"},
		{"x {..} {...}", "without two; there are no three", []string{"d/a.tar.gz"}, "x d/a d/a.tar.gz"},
		{"x {/..} {+..}", "nor two", []string{"d/a.gz"}, "x a.gz ''"},
		{"x {/} {/.} {/..} {+/}", "nothing has no base", []string{""}, "x '' '' '' ''"},
		{"x {+/}", "nothing is before a bare name", []string{"a.c"}, "x ''"},
		{"x {+/}/{/}", "together they are the value", []string{"/a"}, "x ''/a"},
		{"x {+.} {+..}", "the extensions", []string{"d/a.tar.gz"}, "x gz tar.gz"},
		{"x {.}", "a dot in the directory is no extension", []string{"a.d/b"}, "x a.d/b"},
		{"x {.}", "a name that begins with a dot is no extension", []string{"d/.profile"}, "x d/.profile"},
		{"x {/}", "base name", []string{"d/e/a.c"}, "x a.c"},
		{"x {//} {+/}", "directory", []string{"d/e/a.c"}, "x d/e d/e"},
		{"x {//} {/}", "of a directory", []string{"d/e/"}, "x d e"},
		{"x {//}/{/}", "of a directory without one", []string{"d//"}, "x ./d"},
		{"x {//} {/}", "of the root", []string{"/"}, "x / " + filepath.Base("/")},
		{"x {//} {/}", "below the root", []string{"/d"}, "x / d"},
		{"x {//}", "by way of what may be a link", []string{"a/../b//c"}, "x a/../b"},
		{"x {//}", "of nothing", []string{""}, "x ."},
		{"x {//}", "the directory of a bare name", []string{"a.c"}, "x ."},
		{"x {/.}", "base name without extension", []string{"d/e/a.c"}, "x a"},
		{"x {/..}", "base name without two", []string{"d/e/a.b.c"}, "x a"},
		{"x {%.gz} {#d/}", "without an end, and without a beginning", []string{"d/a.gz"}, "x d/a a.gz"},
		{"x {:-none} {1:1} {1:0:2}", "or else, and parts", []string{"añb"}, "x 'añb' 'ñb' 'añ'"},
		{"x {:-none}", "or else", []string{""}, "x none"},
		{"x {^} {^^}", "in capitals", []string{"ab\xff"}, "x 'Ab\xff' 'AB\xff'"},
		{"x {^ab} {^b} {^^b\xff}", "a text in capitals, at the beginning and anywhere", []string{"abb\xff"}, "x 'ABb\xff' 'abb\xff' 'abB\xff'"},
		{"x {2} {1}", "by number", []string{"a", "b"}, "x b a"},
		{"x {-1} {-2/}", "from the end", []string{"d/a", "b"}, "x b a"},
		{"x {2/.}", "by number, edited", []string{"a", "d/b.c"}, "x b"},
		{"x {}", "all of several", []string{"a b", "b"}, "x 'a b' b"},
		{"x \"{}\"", "within quotes they are one word", []string{"a b", "$"}, `x "a b \$"`},
		{"echo ${HOME} ${1} ${#1}", "braces behind a $ are the shell's", []string{"a"}, "echo ${HOME} ${1} ${#1} a"},
		{"awk '{print $1}' {}", "braces that are not ours stay, and the next are seen", []string{"a"}, "awk '{print $1}' a"},
		{"x {{}}", "ours within others", []string{"a"}, "x {a}"},
		{"x {01x} {0..9} {0,1} {a,b} {,x}", "no numbers, and the shell's braces", []string{"a"}, "x {01x} {0..9} {0,1} {a,b} {,x} a"},
		{"x {/a/b}", "not ours unless that is asked for", []string{"a"}, "x {/a/b} a"},
		{"x {} ", "a value may be empty", []string{""}, "x '' "},
		{"", "a value alone", []string{"a"}, " 'a'"},
		{"{} x", "a command is not to be a reserved word", []string{"if"}, "'if' x"},
		{"x {}>f {}2>f {}=", "nor a descriptor or a name", []string{"2"}, "x '2'>f '2'2>f '2'="},
		{`x "$"{}`, "nor the name of a variable", []string{"HOME"}, `x "$"HOME`},
		{"x caf\xe9 {}", "bytes are bytes", []string{"\xe9"}, "x caf\xe9 '\xe9'"},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			got, err := template(t, tt.command, jobs.TemplateOptions{Values: len(tt.values)}).Expand(7, tt.values)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got, tt.reason)
		})
	}
}

func TestTemplatePlus(t *testing.T) {
	tests := []struct{ command, reason, want string }{
		{"x {/a/o}", "the first", "x bonana.S"},
		{"x {//a/o}", "all", "x bonono.S"},
		{"x {,S} {,,S}", "a text in small letters, at the beginning and anywhere", "x banana.S banana.s"},
		{"x {,,} {,}", "in small letters", "x banana.s banana.S"},
		{"x {%S}", "an end that might be printf's", "x banana."},
		{"x {##}", "how many there are", "x 3"},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			got, err := template(t, tt.command, jobs.TemplateOptions{Values: 1, Plus: true, Total: 3}).Expand(1, []string{"banana.S"})
			require.NoError(t, err)
			assert.Equal(t, tt.want, got, tt.reason)
		})
	}
}

func TestTemplateRefusesPlusNames(t *testing.T) {
	sh, err := jobs.NamedShell("sh")
	if err != nil {
		t.Skip(err)
	}
	for name, instead := range map[string]string{"slot": "{%}", "uniq": "sort -u before it", "host": "--on"} {
		_, err := jobs.ParseTemplate("echo {"+name+"}", sh, jobs.TemplateOptions{Values: 1, Plus: true})
		require.EqualError(t, err, "{"+name+"} is not known here; write "+instead+", or {''"+name+"} for the text")
		got, err := template(t, "echo {"+name+"}", jobs.TemplateOptions{Values: 1}).Expand(1, []string{"a"})
		require.NoError(t, err)
		assert.Contains(t, got, "{"+name+"}", "without --plus it is no place in GNU parallel either")
	}
}

func TestTemplateRefuses(t *testing.T) {
	tests := []struct{ command, reason, want string }{
		{"echo {1} {3/}", "a value that no job has", "{3/} asks for value 3, and each job has 2"},
		{"echo {-3}", "from the end", "{-3} asks for value 3, and each job has 2"},
		{"echo {##}", "a number that nobody knows", "{##} is the number of jobs, which is known only if the values follow ::: and are not read"},
		{"mv {} {= s/a/{}/ =}", "Perl", "{= … =} is Perl of GNU parallel's; heirloom run has {.} {/} {%.gz} {#old-} {:0:8} {^^} and, with --plus, {/a/b} in its place"},
		{"mv {} {2=$_++=}", "Perl", "{= … =} is Perl of GNU parallel's; heirloom run has {.} {/} {%.gz} {#old-} {:0:8} {^^} and, with --plus, {/a/b} in its place"},
		{"echo {0}", "values are counted from 1", "{0} is no value, because they are counted from 1; write {} for all of them and {''0} for the text"},
		{"echo {-0.}", "nor is there one before the last", "{-0.} is no value, because they are counted from 1; write {.} for all of them and {''-0.} for the text"},
		{"echo {-01/}", "a number with zeros", "{-01/} is not known here; write {-1/} for the value and {''-01/} for the text"},
		{"echo {0#}", "padding", "{0#} is not known here; write $(printf %03d {#})"},
		{"echo {%%.*}", "a pattern", "{%%.*} is not known here, where what is taken away is text and no pattern; write {%.*}"},
		{"printf '{%.2f}'", "printf's, or a place", `{%.2f} may be printf's, or the value without ".2f" at its end; write {''%.2f} for the first and add --plus for the second`},
		{"echo ${}", "a value as a name", "{} cannot be filled there: it is within ${…} or behind a $, where quotes mean something else"},
		{"echo $x{}", "a value as the end of a name", "{} cannot be filled there: it is within ${…} or behind a $, where quotes mean something else"},
		{"echo \"${x:-{}}\"", "in an expansion", "{} cannot be filled there: it is within ${…} or behind a $, where quotes mean something else"},
		{`echo \{}`, "quotes undone", "{} cannot be filled there: a backslash before it would undo its quotes"},
		{`echo "\{}"`, "quotes undone", "{} cannot be filled there: a backslash before it would undo its quotes"},
		{"echo `echo {}`", "quotes mean something else", "{} cannot be filled there: it is within `…`, where quotes mean something else; write $(…)"},
		{"cat <<E\n{}\nE", "a value with an E in it", `{} cannot be filled there: it is in a here-document, which a value could end; write printf '%s\n' {} |`},
		{"cat <<'E'\n{}\nE", "a value with an E in it", `{} cannot be filled there: it is in a here-document, which a value could end; write printf '%s\n' {} |`},
		{"echo # {}", "a value with a line's end in it", "{} cannot be filled there: it is not where a value can be: in a comment or a name"},
		{"echo # all", "a value with a line's end in it", "{} cannot be filled there: it is not where a value can be: in a comment or a name"},
		{"{}=1", "a name", "{} cannot be filled there: a value cannot be a part of a name"},
		{"for {} in a; do :; done", "a name", "{} cannot be filled there: it is not where a value can be: in a comment or a name"},
		{"read {}", "a name, whose index is an expression", "{} cannot be filled there: a value cannot be a part of a name"},
		{"declare -i x={}", "an expression", "{} cannot be filled there: what declare -i is given may be code"},
		{"echo $'{}'", "not the same in all shells", "{} cannot be filled there: it is within $'…'; write it outside of that"},
		{`sh -c "$X {}"`, "code that nobody knows", "{} cannot be filled there: it is within code that is put together when it runs; give it as an argument"},
		{"$SHELL -c {}", "code of nobody knows what", "{} cannot be filled there: it would be code of the command before it"},
		{"x={}; $x", "a command and its arguments by way of a variable", `{} cannot be filled there: the shell would make a command of $x, and a value may be in it; write "$x"`},
		{"for c in {}; do nice -n 5 $c; done", "behind a program that runs it", `{} cannot be filled there: the shell would make a command of $c, and a value may be in it; write "$c"`},
		{"x={}; sudo -u root $x", "behind an option that has an argument", `{} cannot be filled there: the shell would make a command of $x, and a value may be in it; write "$x"`},
		{"x={}; docker exec -i box $x", "behind an operand of the program that runs it", `{} cannot be filled there: the shell would make a command of $x, and a value may be in it; write "$x"`},
		{"env $(echo {})", "a command and its arguments by way of a substitution", "{} cannot be filled there: the shell would make a command and its arguments of it; put quotes around the expansion"},
		{`x={}; eval "$x"`, "code by way of a variable", "{} cannot be filled there: $x would be run, and a value may be in it; use $x as an argument only"},
		{"x={}; echo `eval \"$x\"`", "code between backquotes", "{} cannot be filled there: $x would be run, and a value may be in it; use $x as an argument only"},
		{"x={}; echo ${y:-$(eval \"$x\")}", "code in an expansion", "{} cannot be filled there: $x would be run, and a value may be in it; use $x as an argument only"},
		{"x={}; cat <<E\n$(eval \"$x\")\nE", "code in a here-document", "{} cannot be filled there: $x would be run, and a value may be in it; use $x as an argument only"},
		{`bash -c 'eval "$1"' _ {}`, "code by way of an argument", "{} cannot be filled there: $1 would be run, and a value may be in it; use $1 as an argument only"},
		{"bash -oe pipefail -c 'echo {}'", "code behind an option that shells read in two ways", "{} cannot be filled there: shells differ in what they take for code when a letter is behind the o of -o; write -o by itself"},
		{"PS4={} sh -x f", "a variable that shells run", "{} cannot be filled there: PS4 is a command to what reads it"},
		{`find {} -exec rm {} ";"`, "two things of that name", "{} cannot be filled there: it is find's name of what it finds, and of a value; write {1} for the value, and {''} for the other"},
		{"watch ls {}", "code", "{} cannot be filled there: it would be code of watch"},
		{"echo a;", "a value as a command", "the value would be a command of its own at the end; write {} where it goes"},
		{"echo 'a", "half a command", "the command cannot be read, so that values cannot be quoted in it: reached EOF without closing quote `'`"},
	}
	sh, err := jobs.NamedShell("sh")
	if err != nil {
		t.Skip(err)
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			_, err := jobs.ParseTemplate(tt.command, sh, jobs.TemplateOptions{Values: 2})
			assert.EqualError(t, err, tt.want, tt.reason)
		})
	}
}

func TestTemplateRefusesCodeWhereBashHasIt(t *testing.T) {
	bash, err := jobs.NamedShell("bash")
	if err != nil {
		t.Skip(err)
	}
	for _, code := range []string{`a[$(eval "$x")]=1`, `a=([$(eval "$x")]=1)`, `[[ -v a[$(eval "$x")] ]]`, `echo ${a[$(eval "$x")]}`, `echo ${y/<(eval "$x")/}`, `echo $"$(eval "$x")"`, `echo @($(eval "$x"))`} {
		_, err := jobs.ParseTemplate("x={}; "+code, bash, jobs.TemplateOptions{Values: 1})
		assert.EqualError(t, err, "{} cannot be filled there: $x would be run, and a value may be in it; use $x as an argument only", code)
	}
	_, err = jobs.ParseTemplate("x={}; echo `echo $x` ${y:-$(echo $x)} @($x|b)", bash, jobs.TemplateOptions{Values: 1})
	require.NoError(t, err)
}

func TestTemplateLetsNumbersBeExpressions(t *testing.T) {
	for _, command := range []string{"echo $(({} + 1))", "[[ {} -gt 3 ]]", "sed -n {}p f", "awk 'NR=={}' f", "python3 -c 'print({})'", "perl -e 'print {}'"} {
		parsed := template(t, command, jobs.TemplateOptions{Values: 1})
		got, err := parsed.Expand(1, []string{"42"})
		require.NoError(t, err)
		assert.Contains(t, got, "42")
		_, err = parsed.Expand(3, []string{"a[$(id)]"})
		assert.ErrorContains(t, err, `{} of job 3: "a[$(id)]" would be code there, where only a number is not`)
	}
}

func TestTemplateLimitsValues(t *testing.T) {
	tests := []struct{ command, good, bad, reason, want string }{
		{"make X={}", "-O2 -g", "$(shell id)", "make expands variables", `would be code in a makefile; write X={} make, and "$$X" there`},
		{"make {}", "sub/a.o", "CC=id", "an assignment", `would be an option, an assignment or code of make's, and no target; write make -j{} for an option, and X={} make with "$$X" in the makefile for a variable`},
		{"make {}", "all", "a;id", "rules put targets into commands", `would be an option, an assignment or code of make's, and no target; write make -j{} for an option, and X={} make with "$$X" in the makefile for a variable`},
		{"awk '/{}/'", "1", "x", "a program", `would be code there, where only a number is not; write X={} before the command, and ENVIRON["X"]`},
		{"sqlite3 db 'drop table {}'", "t_1", "t; select 1", "SQL", "would be code there, where only a name or a number is not"},
		{"echo 'sleep {}' | sh", "1", "1; id", "what a shell reads", "would be code of what reads it, where only a number is not; give it as an argument, as in sh -s {}"},
		{"echo {} | bash -oe pipefail", "1", "1; id", "what a shell with such an option reads", "would be code of what reads it, where only a number is not; give it as an argument, as in sh -s {}"},
		{"x={}; echo $((x))", "y (1).txt", "a[$(id)]", "what a variable holds is an expression", "could run, because the command computes with variables, and $ and ` in these are code"},
		{"ssh {} id", "host", "-oProxyCommand=id", "an option that runs a command", "would be an option of ssh's, which has some that run commands; write -- before it"},
		{"ssh -oUser=tom {} id", "host", "-oProxyCommand=id", "such an option behind another one", "would be an option of ssh's, which has some that run commands; write -- before it"},
		{"tar cf x.tar {}", "a", "--checkpoint-action=exec=id", "an option that runs a command", "would be an option of tar's, which has some that run commands; write -- before it, or ./{}"},
		{"sed s/x/{}/ f", "1", "/;1e id;", "a program", "would be code there, where only a number is not; write X={} before the command, and perl -pe 's/x/$ENV{X}/'"},
		{"sed -i.save -e s/x/{}/ f", "1", "/;1e id;", "a program behind an option that looks as if it had one", "would be code there, where only a number is not; write X={} before the command, and perl -pe 's/x/$ENV{X}/'"},
		{"mysql -p -e 'drop table {}'", "t_1", "t; select 1", "SQL behind an option that has an argument with psql", "would be code there, where only a name or a number is not"},
		{"perl -pe 's/a/b/' {}", "a|b", "| id", "a command in the place of a file", "is no file to every program: what begins or ends with a |, or begins with a !, is run; write ./{} or < {}"},
		{"perl -ne print {}", "a (1)", "id|", "a command in the place of a file", "is no file to every program: what begins or ends with a |, or begins with a !, is run; write ./{} or < {}"},
	}
	for _, tt := range tests {
		t.Run(tt.command+" "+tt.reason, func(t *testing.T) {
			parsed := template(t, tt.command, jobs.TemplateOptions{Values: 1})
			_, err := parsed.Expand(1, []string{tt.good})
			require.NoError(t, err)
			_, err = parsed.Expand(1, []string{tt.bad})
			assert.EqualError(t, err, fmt.Sprintf("{} of job 1: %q %s", tt.bad, tt.want))
		})
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("a {} {2/.} {{}} ${x}")
	f.Fuzz(func(t *testing.T, command string) {
		sh, err := jobs.NamedShell("sh")
		if err != nil {
			t.Skip(err)
		}
		parsed, err := jobs.ParseTemplate(command, sh, jobs.TemplateOptions{Values: 2})
		if err != nil {
			return
		}
		if _, err := parsed.Expand(1, []string{"v", "v"}); err != nil {
			assert.Regexp(t, "would be code|only one value can stand there", err)
		}
	})
}
