package jobs

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// An evaluator describes a program that runs some of its arguments.
type evaluator struct {
	short string   // letters of options whose argument is code
	long  []string // long names of such options
	args  string   // letters of other options that have an argument
	stuck string   // letters of options whose argument, if any, is the rest of the word
	takes []string // long names of the options in args, if the first operand matters
	pairs []string // long names of options with two arguments
	first bool     // the first operand is code, unless an option has code
	not   string   // letters of options with which the first operand is not code
	rest  int      // the first operand from which on all are code; 0 for none
	plus  bool     // words that begin with + are code
	last  bool     // the words after the first option with code are arguments of the code
	mixed bool     // options may follow operands
	shell bool     // the code is shell code, and values in it are quoted
	input bool     // without code and operands, standard input is code
	after []string // the commands of the program to which all this applies; nil for all
	only  limit    // the limit of values in code; only numbers if it is not set
	own   string   // how to pass a value to the code as an argument
}

const byEnvironment = "X={} before the command, and "

var (
	perl = &evaluator{short: "eEMm", args: "I", stuck: "iFx", input: true, own: "$ARGV[0], with {} as an argument"}
	sql  = &evaluator{short: "ce", long: []string{"command", "execute", "cmd", "init-command"}, args: "dhpPUufoF", mixed: true, input: true, only: onlyName}
	awk  = &evaluator{short: "e", long: []string{"source"}, args: "FvfiElW", takes: []string{"field-separator", "assign", "file", "include", "load"}, first: true, not: "fE", own: byEnvironment + `ENVIRON["X"]`}
	sed  = &evaluator{short: "e", long: []string{"expression"}, args: "fl", stuck: "i", takes: []string{"file", "line-length"}, first: true, not: "f", mixed: true,
		own: byEnvironment + "perl -pe 's/x/$ENV{X}/'"}
	vi = &evaluator{short: "cS", long: []string{"cmd"}, plus: true, mixed: true}
	nc = &evaluator{short: "e", long: []string{"exec", "sh-exec", "lua-exec"}, args: "pswiqgGoOTxXVIm", mixed: true}
	// An option may be ProxyCommand=, or name a library.
	ssh = &evaluator{short: "oI", args: "BbcDEeFiJLlmpOQRSWw", mixed: true}
	suC = &evaluator{short: "c", long: []string{"command"}, mixed: true, shell: true}
	cc  = &evaluator{long: []string{"wrapper"}, short: "B", args: "oxIDULlT", mixed: true}
	tar = &evaluator{short: "IF", args: "fCTXbgKLNVH", long: []string{"to-command", "checkpoint-action", "info-script", "new-volume-script", "use-compress-program", "rsh-command"}, mixed: true, shell: true}
	jq  = &evaluator{first: true, args: "Lf", takes: []string{"indent", "from-file"}, pairs: []string{"arg", "argjson", "slurpfile", "rawfile"}, not: "f", only: onlyName, own: "--arg x {}, and $x"}
	// Shells for which values cannot be quoted.
	other = &evaluator{short: "cC", long: []string{"command", "commands", "init-command", "execute"}, input: true, own: "it as an argument, or the code for sh"}
	// A single argument is shell code, and several are a command.
	terminal = &evaluator{short: "e", long: []string{"command"}, args: "TtgF", mixed: true, shell: true}
	pager    = &evaluator{long: []string{"pager"}, mixed: true, shell: true}
	nix      = &evaluator{short: "E", long: []string{"expr"}, args: "IA", mixed: true, own: "--argstr x {}"}
	evalE    = &evaluator{short: "e", long: []string{"eval"}, mixed: true}
	query    = &evaluator{short: "eqQc", long: []string{"query", "execute"}, args: "dhpPuUS", mixed: true, input: true, only: onlyName}

	evaluators = map[string]*evaluator{
		"perl":   perl,
		"python": {short: "c", args: "WX", not: "m", last: true, input: true, own: "sys.argv[1], with {} behind the code"},
		"ruby":   {short: "e", args: "rICE", stuck: "iFx", input: true, own: "ARGV[0], with {} as an argument"},
		"node":   {short: "ep", long: []string{"eval", "print"}, args: "rC", input: true, own: "process.argv[1], with {} as an argument"},
		"bun":    {short: "ep", long: []string{"eval", "print"}, args: "r"},
		"tsx":    {short: "ep", long: []string{"eval", "print"}, args: "rC"}, "ts-node": {short: "ep", long: []string{"eval", "print"}, args: "rCPO"},
		"deno":    {after: []string{"eval"}, first: true, own: byEnvironment + `Deno.env.get("X")`},
		"crystal": {after: []string{"eval"}, first: true, own: byEnvironment + `ENV["X"]`},
		"raku":    {short: "e", args: "MI", own: "@*ARGS[0], with {} as an argument"},
		"groovy":  {short: "e", args: "cD", own: "args[0], with {} as an argument"},
		"kotlin":  evalE, "scala": evalE, "scala-cli": {short: "e", long: []string{"execute-script", "execute"}, mixed: true},
		"clojure": evalE, "clj": evalE, "bb": evalE, "racket": evalE, "sbcl": evalE, "ecl": evalE, "gsi": evalE, "csi": evalE, "clisp": {short: "x", mixed: true},
		"elixir": {short: "e", long: []string{"eval", "rpc-eval"}, args: "rS", own: "hd(System.argv()), with {} as an argument"}, "iex": evalE,
		"erl": {long: []string{"eval"}, mixed: true}, "ghc": {short: "e", mixed: true, own: byEnvironment + `System.Environment.getEnv "X"`},
		"ocaml": {short: "e"}, "swift": {short: "e"}, "nim": {short: "e", long: []string{"eval"}, mixed: true},
		"matlab": {long: []string{"r", "batch"}, mixed: true, own: byEnvironment + `getenv("X")`}, "scilab": {short: "e", long: []string{"e"}, mixed: true},
		"maxima": {short: "r", long: []string{"batch-string", "run-string"}, mixed: true}, "wolframscript": {short: "c", long: []string{"code", "c"}, mixed: true},
		"sage": {short: "c", mixed: true}, "swipl": {short: "gt", mixed: true}, "gprolog": {long: []string{"query-goal", "entry-goal", "init-goal"}, mixed: true},
		"gs": {short: "c", mixed: true}, "bpftrace": evalE, "stap": {short: "e", mixed: true}, "mlr": {after: []string{"put", "filter"}, short: "e", args: "s", first: true, not: "f", own: byEnvironment + `ENV["X"]`},
		"lldb":        {short: "oOkK", long: []string{"one-line", "one-line-before-file", "one-line-on-crash"}, args: "sSpnc", mixed: true, input: true},
		"emacsclient": {short: "e", long: []string{"eval"}, mixed: true, own: byEnvironment + `(getenv "X")`}, "kak": {short: "eE", mixed: true}, "mutt": {short: "e", args: "abcFfHimQs", mixed: true},
		"rake":    {short: "eEp", long: []string{"execute", "execute-print", "execute-continue"}, mixed: true, own: byEnvironment + `ENV["X"]`},
		"latexmk": {short: "e", long: []string{"latex", "pdflatex", "lualatex", "xelatex"}, mixed: true},
		"nix":     nix, "nix-build": nix, "nix-instantiate": nix,
		"fish": other, "csh": other, "tcsh": other, "nu": other, "elvish": other, "xonsh": other, "rc": other, "es": other, "ion": other, "murex": other, "sash": other, "ysh": other,
		"php":       {short: "rBRE", args: "dcfnzF", input: true, own: "$argv[1], with {} as an argument"},
		"lua":       {short: "e", args: "l", input: true, own: byEnvironment + `os.getenv("X")`},
		"R":         {short: "e", args: "f", mixed: true, own: byEnvironment + `Sys.getenv("X")`},
		"julia":     {short: "eE", long: []string{"eval", "print"}, args: "JLpt", input: true, own: "ARGS[1], with {} as an argument"},
		"octave":    {long: []string{"eval"}, input: true, own: byEnvironment + `getenv("X")`},
		"guile":     {short: "c", last: true, own: byEnvironment + `(getenv "X")`},
		"emacs":     {long: []string{"eval", "execute"}, mixed: true, own: byEnvironment + `(getenv "X")`},
		"expect":    {short: "c", input: true, own: byEnvironment + "$env(X)"},
		"gnuplot":   {short: "e", mixed: true, input: true, own: "ARG1, with -c FILE {}"},
		"osascript": {short: "e", input: true},
		"gdb":       {short: "x", long: []string{"ex", "eval-command", "iex", "init-eval-command"}, mixed: true, input: true},
		"dc":        {short: "e", long: []string{"expression"}, input: true},
		"awk":       awk, "gawk": awk, "mawk": awk, "nawk": awk, "goawk": awk,
		"sed": sed, "gsed": sed,
		"jq": jq, "gojq": jq, "jaq": jq,
		"yq": {first: true, args: "op", takes: []string{"output-format", "input-format", "indent", "from-file"}, only: onlyName, own: "strenv(X), with X={} before the command, and yq . {} for a file"},
		"vi": vi, "vim": vi, "nvim": vi, "ex": vi, "view": vi, "vimdiff": vi, "less": {plus: true, mixed: true},
		"m4":   {short: "D", long: []string{"define"}, args: "BFILUlot", mixed: true, input: true},
		"lftp": {short: "ce", args: "fup", mixed: true, input: true},
		"ed":   {input: true, mixed: true}, "at": {input: true, mixed: true}, "batch": {input: true},

		"sqlite": {rest: 1, long: []string{"cmd"}, input: true, only: onlyName},
		"psql":   sql, "mysql": sql, "mariadb": sql, "mycli": sql, "pgcli": sql,
		"duckdb":    {rest: 1, short: "cs", long: []string{"cmd"}, input: true, only: onlyName},
		"mysqldump": {short: "w", long: []string{"where", "init-command"}, args: "hpPu", mixed: true, only: onlyName}, "mariadb-dump": {short: "w", long: []string{"where", "init-command"}, args: "hpPu", mixed: true, only: onlyName},
		"clickhouse-client": query, "clickhouse": query, "cqlsh": query, "sqlcmd": query, "spark-sql": query, "hive": query, "beeline": query,
		"impala-shell": query, "presto": query, "trino": query, "snowsql": query, "influx": query,
		"bq":    {after: []string{"query"}, first: true, mixed: true, only: onlyName},
		"mongo": evalE, "mongosh": evalE,
		"redis-cli": {after: []string{"eval", "EVAL"}, first: true, own: "KEYS[1], with 1 {} behind the code"},

		"su": suC, "runuser": suC, "script": suC, "vagrant": suC,
		"tar": tar, "gtar": tar, "bsdtar": tar,
		"split": {long: []string{"filter"}, mixed: true, shell: true},
		"git": {long: []string{"exec", "tree-filter", "index-filter", "msg-filter", "env-filter", "commit-filter", "parent-filter", "tag-name-filter", "extcmd", "exec-path", "upload-pack", "receive-pack", "open-files-in-pager"},
			mixed: true, shell: true},
		"nix-shell": {long: []string{"run", "command"}, mixed: true, shell: true},
		"sbatch":    {long: []string{"wrap"}, mixed: true, shell: true},
		"zip":       {long: []string{"TT", "unzip-command"}, mixed: true, shell: true},
		"man":       {short: "PH", long: []string{"pager", "html"}, args: "CRLmMSsetrEp", mixed: true, shell: true},
		"sort":      {long: []string{"compress-program"}, mixed: true},
		"rsync":     {short: "e", long: []string{"rsh", "rsync-path"}, args: "BTMf", mixed: true},
		"scp":       {short: "oSD", args: "cFiJlPX", mixed: true},
		"sftp":      {short: "oSD", args: "BbcFiJlPRsX", mixed: true},
		"wget":      {short: "e", long: []string{"execute", "use-askpass"}, args: "oaiBtOTwQPUlARDIX", mixed: true},
		"nc":        nc, "ncat": nc, "netcat": nc,
		"rg":  {long: []string{"pre", "hostname-bin"}, args: "efgtTmjABCEMdr", mixed: true},
		"go":  {long: []string{"exec", "toolexec", "vettool", "ldflags", "gcflags", "asmflags", "gccgoflags"}, mixed: true, only: onlyWord},
		"gcc": cc, "g++": cc, "cc": cc, "c++": cc, "gfortran": cc,
		"npx": {short: "c", long: []string{"call"}, args: "p", takes: []string{"package"}, shell: true},
		"env": {short: "S", long: []string{"split-string"}, args: "uC"},
		"npm": {short: "c", long: []string{"call"}, args: "wC", mixed: true, shell: true},
		"sg":  {short: "c", rest: 1, mixed: true, shell: true},

		"xterm": terminal, "uxterm": terminal, "urxvt": terminal, "x-terminal-emulator": terminal, "gnome-terminal": terminal, "xfce4-terminal": terminal, "mate-terminal": terminal, "lxterminal": terminal,
		"bat": pager, "batcat": pager, "delta": pager, "ag": pager, "ack": pager, "gpg": {long: []string{"photo-viewer"}, args: "oru", mixed: true, shell: true},
		"gcloud": {long: []string{"command"}, mixed: true, shell: true}, "fly": {short: "C", long: []string{"command"}, mixed: true, shell: true}, "flyctl": {short: "C", long: []string{"command"}, mixed: true, shell: true},
		"az": {long: []string{"scripts"}, mixed: true}, "doppler": {long: []string{"command"}, mixed: true, shell: true}, "mosh": {long: []string{"ssh", "server", "client"}, mixed: true},
		"nodemon": {short: "x", long: []string{"exec"}, mixed: true, shell: true}, "chokidar": {short: "c", long: []string{"command"}, mixed: true, shell: true}, "watchman-make": {short: "r", long: []string{"run"}, mixed: true, shell: true},
		"fzf": {long: []string{"preview", "bind"}, mixed: true}, "sk": {long: []string{"preview", "bind"}, mixed: true},
		"yt-dlp": {long: []string{"exec", "exec-before-download", "downloader", "external-downloader"}, mixed: true}, "youtube-dl": {long: []string{"exec", "external-downloader"}, mixed: true},
	}
)

// The programs for which a value that is an option may run a command, with what to write
// so that it is not an option.
var optionRunners = map[string]string{
	"ssh": "-- before it", "scp": "-- before it, or ./{}", "sftp": "-- before it", "rsync": "-- before it, or ./{}", "git": "-- before it, or ./{}",
	"tar": "-- before it, or ./{}", "find": "./{}", "fd": "-- before it", "fdfind": "-- before it", "man": "-- before it", "zip": "./{}", "env": "./{}", "sed": "-- before it, or ./{}",
	"vi": "-- before it, or ./{}", "vim": "-- before it, or ./{}", "nvim": "-- before it, or ./{}", "ex": "-- before it, or ./{}",
	"view": "-- before it, or ./{}", "less": "-- before it, or ./{}", "emacs": "./{}", "sort": "-- before it, or ./{}", "gdb": "./{}",
}

// pipers are programs that run the name of a file as a command if it begins or ends with a
// |, or begins with a !.
var pipers = []string{
	"ed", "red",
	"animate", "compare", "composite", "conjure", "convert", "display", "identify", "import", "magick", "mogrify", "montage", "stream",
	"play", "rec", "sox", "soxi",
}

// jumpers are programs that run a command made of the argument of -J.
var jumpers = []string{"autossh", "scp", "sftp", "ssh"}

// makers are programs that evaluate make code in variables and, in rules for any target,
// in targets.
var makers = []string{"bmake", "gmake", "make", "mingw32-make", "nmake", "pmake", "remake"}

// unquotable are programs whose arguments are code in which values cannot be quoted.
var unquotable = []string{
	"alias", "ansible", "bind", "bsub", "clush", "compgen", "complete", "concurrently", "condor_run", "consul", "entr", "env_parallel", "fab", "fc", "hash", "heirloom", "hyperfine", "just",
	"niceload", "oarsub", "parallel", "parallel-ssh", "pdsh", "pssh", "rush", "salt", "screen", "sem", "tmux", "watch", "watchexec", "wsl",
	// Builtins of zsh.
	"bindkey", "compdef", "functions", "getln", "sched", "strftime", "sysopen", "sysread", "sysseek", "syswrite", "vared", "zformat", "zle", "zparseopts", "zpty", "zregexparse",
	"zselect", "zstat", "zstyle", "zsystem",
}

// Commands that run another command, which is among their arguments.
var launchers = []string{
	"apptainer", "builtin", "bundle", "busybox", "bwrap", "caffeinate", "chroot", "chronic", "chrt", "command", "conda", "coproc", "direnv", "doas", "docker", "eatmydata", "env", "exec", "faketime",
	"fakeroot", "fd", "fdfind", "find", "firejail", "flock", "gosu", "hatch", "ionice", "ip", "kubectl", "ltrace", "mamba", "micromamba", "mise", "mpirun", "nerdctl", "nice", "nocorrect", "noglob", "nohup", "npx", "nsenter",
	"numactl", "perf", "pipenv", "pixi", "pkexec", "podman", "poetry", "prlimit", "proxychains", "repeat", "runuser", "setarch", "setpriv", "setsid", "singularity", "srun", "sshpass", "stdbuf", "strace",
	"sudo", "systemd-run", "taskset", "time", "timeout", "torsocks", "toybox", "unbuffer", "unshare", "uv", "valgrind", "xargs", "xvfb-run",
}

var version = regexp.MustCompile(`[-.0-9]+$`)

// programName returns the name of a program without its folder and its version.
func programName(word string) string {
	name := strings.TrimSuffix(path.Base(word), ".exe")
	if _, ok := shellNames[name]; ok || evaluators[name] != nil {
		return name // m4 is not a version of m
	}
	if name == "perl6" {
		return "raku"
	}
	name = version.ReplaceAllString(name, "")
	switch name {
	case "pypy", "ipython", "pythonw":
		return "python"
	case "nodejs":
		return "node"
	case "luajit":
		return "lua"
	case "Rscript":
		return "R"
	}
	return name
}

// A use says how an evaluator uses its arguments.
type use struct {
	code     []snippet
	operands []int
	flags    []int // the operands that would be options if they began with a -
}

// A snippet is an argument that is code, or has an option before code.
type snippet struct {
	word int
	from int // the offset of the code in the word, or -1 if the word may be an option
}

// read determines how e uses the words. Where that cannot be known, a word counts as code.
func (e *evaluator) read(words []string) (u use) {
	end := len(words)
	options, unsure, excused := true, false, false
	for i := 0; i < end; i++ {
		switch w := words[i]; {
		case e.plus && strings.HasPrefix(w, "+"):
			u.code = append(u.code, snippet{i, -1})
		case !options || len(w) < 2 || w[0] != '-':
			if options {
				u.flags = append(u.flags, i)
			}
			options = options && (e.mixed || unsure)
			unsure = false
			u.operands = append(u.operands, i)
		case w == "--":
			options = false
		case w[1] == '-' || slices.Contains(e.long, strings.FieldsFunc(w[1:]+"=", attaches)[0]): // gdb has -ex
			from := strings.IndexFunc(w, attaches) + 1
			attached := from > 0
			name := strings.TrimLeft(w[:max(from-1, 0)], "-")
			if !attached {
				name = strings.TrimLeft(w, "-")
			}
			excused = excused || name == "file" || name == "from-file"
			unsure = !attached && !e.first && !e.shell
			switch {
			case slices.Contains(e.long, name):
				if unsure = false; !attached {
					i++
				}
				u.code = append(u.code, snippet{i, from})
			case slices.Contains(e.pairs, name):
				i += 2
			case slices.Contains(e.takes, name) && !attached:
				i++
			}
		default:
			unsure = false
			code, next, not := e.cluster(w[1:])
			excused = excused || not
			at, from := i, strings.IndexAny(w, e.short)+1
			if next {
				at, from = at+1, 0
			}
			if code {
				if next && at < len(words) && strings.HasPrefix(words[at], "-") {
					from = -1
				}
				u.code = append(u.code, snippet{at, from})
			}
			// The next word may still be options: mysql -p -e, sed -i.save -e.
			if next && (at == len(words) || len(words[at]) < 2 || words[at][0] != '-') {
				i++
			}
			if e.last && (code || excused) {
				end = 0
			}
		}
	}
	u.code = slices.DeleteFunc(u.code, func(s snippet) bool { return s.word >= len(words) })
	switch n := len(u.operands); {
	case e.first && len(u.code) == 0 && !excused && n > 0:
		u.code, u.operands = []snippet{{word: u.operands[0]}}, u.operands[1:]
	case e.rest > 0 && n > e.rest:
		for _, i := range u.operands[e.rest:] {
			u.code = append(u.code, snippet{word: i})
		}
		u.operands = u.operands[:e.rest]
	}
	return u
}

// attaches reports whether c is between the name of an option and its argument.
func attaches(c rune) bool { return c == '=' || c == ':' }

// cluster reads letters of options. It reports whether code follows one of them, in the
// same word or the next, whether the next word is an argument, and whether one of the
// letters is in e.not.
func (e *evaluator) cluster(letters string) (code, next, not bool) {
	for j := range letters {
		c, rest := letters[j:j+1], letters[j+1:]
		not = not || strings.Contains(e.not, c)
		switch {
		case strings.Contains(e.short, c):
			return true, strings.Trim(rest, e.short) == "", not // node -pe
		case strings.Contains(e.args, c):
			return false, rest == "", not
		case strings.Contains(e.stuck, c):
			return false, false, not
		}
	}
	return false, false, not
}
