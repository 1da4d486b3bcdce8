package main

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"
)

// foreign are flags of GNU parallel, xargs, make and concurrently, with what to
// write here.
var foreign = map[string]string{
	"k": "-o ordered", "keep-order": "-o ordered",
	"u": "-o direct", "ungroup": "-o direct", "group": "-o whole, the default",
	"lb": "-o lines, or -o direct", "line-buffer": "-o lines, or -o direct", "linebuffer": "-o lines, or -o direct",
	"ctag": "--tag", "ctagstring": "--tagstring TEMPLATE", "prefix": "--tagstring TEMPLATE",
	"names": "a jobs' file with names", "joblog": "--log FILE", "resume-failed": "--log FILE --resume, which runs those that failed again",
	"retry-failed": "--log FILE --resume", "P": "-j", "max-procs": "-j", "a": "-f FILE", "arg-file": "-f FILE",
	"d": "tr and -0: tr , '\\0' < FILE | heirloom run -0", "delimiter": "tr and -0: tr , '\\0' < FILE | heirloom run -0",
	"max-args": "-N", "m": "-X", "xargs": "-X", "s": "-N or -X", "max-chars": "-N or -X",
	"L": "-N", "l": "-N", "max-lines": "-N", "I": "{}, which is the only name of a value", "i": "{}", "replace": "{}, which is the only name of a value",
	"link": ":::+", "xapply": ":::+", "header": "tail -n +2 and {1}, {2}: columns have numbers", "trim": "a sed before it",
	"nice": "nice -n N heirloom run", "wd": "cd DIR && heirloom run, or dir in a jobs' file", "workdir": "cd DIR && heirloom run, or dir in a jobs' file",
	"bar": "nothing: the bar is there on a terminal", "progress": "nothing: the bar is there on a terminal", "eta": "nothing: the bar has it",
	"t": "-n to see commands", "verbose": "-n to see commands, or --log FILE", "v": "-n to see commands, or --log FILE",
	"will-cite": "nothing", "gnu": "nothing", "no-notice": "nothing", "tmpdir": "TMPDIR=DIR heirloom run", "compress": "a TMPDIR that compresses",
	"shuf": "shuf before it", "quote": "nothing: values are quoted", "shellquote": "-n", "noswap": "--memfree SIZE", "memsuspend": "--memfree SIZE",
	"kill-others": "--halt now,done=1", "kill-others-on-fail": "--fail-fast", "success": "--halt now,success=1", "termseq": "--grace TIME",
	"S": "--on, with heirloom worker on the other machines, or ssh in the command", "sshlogin": "--on, with heirloom worker on the other machines, or ssh in the command",
	"slf": "ssh in the command", "sshloginfile": "ssh in the command", "transfer": "scp in the command", "return": "scp in the command",
	"pipepart": "--pipe -f FILE", "pipe-part": "--pipe -f FILE", "round-robin": "--pipe, which gives each block to a job of its own",
	"recend": "--pipe, whose records end with a line, or with a NUL (-0)", "recstart": "--pipe, whose records end with a line, or with a NUL (-0)",
	"cat": "--pipe and cat > file in the command", "fifo": "--pipe", "tmux": "-o lines", "sem": "flock(1)", "semaphore": "flock(1)",
	"interactive": "-n, and then the run", "p": "-n, and then the run", "open-tty": "--tty", "arg-sep": ":::", "arg-file-sep": "::::", "E": "head or sed before it",
	"rpl": "--plus, or work in the command", "filter": "if in the command", "skip-first-line": "tail -n +2 before it", "max-line-length-allowed": "getconf ARG_MAX",
	"passwd": "sh -c", "raw": "-o direct", "restart-tries": "--retries", "restart-after": "--retry-delay", "keep": "--keep-going", "no-color": "--color never",
	"eof": "head or sed before it", "process-slot-var": "{%} or $HEIRLOOM_SLOT", "exit": "--halt now,fail=1", "x": "-X",
}

// foreignFlag returns an error that says what to write in the place of a flag that
// is another program's, or nil.
func foreignFlag(err error) error {
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return nil
	}
	name, dashes := missing.GetSpecifiedName(), "--"
	if n := strings.TrimPrefix(missing.GetSpecifiedShortnames(), "n"); n != "" && strings.Trim(n, "0123456789") == "" {
		return usagef("-n is --dry-run; -N %s gives each job %[1]s values", n) // -n1
	}
	if missing.GetSpecifiedShortnames() != "" {
		dashes = "-"
	}
	ours, ok := foreign[name]
	if !ok || dashes == "-" != (len(name) == 1) {
		return nil
	}
	return usagef("unknown flag %q; write %s", dashes+name, ours)
}
