package main

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"
)

// foreign has flags of GNU parallel, xargs, make and concurrently, with the flags that
// replace them here.
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
	"halt-on-error": "--halt", "block-size": "--block", "jl": "--log FILE", "res": "--results", "csv": "--colsep ,", "max-replace-args": "-N", "regexp": "nothing: --colsep is one",
	"files": "--results DIR", "output-as-files": "--results DIR", "outputasfiles": "--results DIR", "silent": "nothing", "plain": "nothing", "no-keep-order": "-o whole, the default",
	"ll": "-o lines", "latest-line": "-o lines", "tmuxpane": "-o lines", "color-failed": "--color, or --summary", "cf": "--color, or --summary", "term-seq": "--grace TIME",
	"round": "--pipe, which gives each block to a job of its own", "spreadstdin": "--pipe", "tee": "tee(1) before it", "rrs": "tr or sed in the command", "removerecsep": "tr or sed in the command", "remove-rec-sep": "tr or sed in the command",
	"shard": "a split before it", "bin": "a split before it", "group-by": "a split before it", "total-jobs": "nothing: values that follow ::: are counted", "total": "nothing: values that follow ::: are counted", "block-timeout": "--pipe, which waits for whole blocks", "bt": "--pipe, which waits for whole blocks",
	"shell-quote": "-n", "version": "heirloom version", "V": "heirloom version", "J": "an alias of your shell", "profile": "an alias of your shell", "record-env": "-e NAME=VALUE", "show-limits": "getconf ARG_MAX", "number-of-cpus": "nproc", "number-of-cores": "nproc", "number-of-threads": "nproc",
	"use-cores-instead-of-threads": "-j 50%", "use-cpus-instead-of-cores": "-j 50%", "nonall": "--on, with heirloom worker on the other machines, or ssh in the command", "onall": "--on, with heirloom worker on the other machines, or ssh in the command", "ssh": "--on, with heirloom worker on the other machines, or ssh in the command", "M": "--on, with heirloom worker on the other machines, or ssh in the command", "controlmaster": "--on, with heirloom worker on the other machines, or ssh in the command",
	"transferfile": "scp in the command", "transfer-file": "scp in the command", "tf": "scp in the command", "trc": "scp in the command", "basefile": "scp before it", "bf": "scp before it", "cleanup": "rm in the command", "fg": "flock(1)", "bg": "flock(1)", "id": "flock(1)", "wait": "flock(1)", "semaphore-name": "flock(1)", "semaphore-timeout": "flock(1)", "st": "flock(1)",
	"citation": "nothing", "bibtex": "nothing", "D": "-n to see commands", "limit": "--load or --memfree", "delim": "tr and -0: tr , '\\0' < FILE | heirloom run -0",
	"lines": "-N", "hostgroups": "heirloom worker with a namespace of its own for each group", "hgrp": "heirloom worker with a namespace of its own for each group",
	"filter-hosts": "--on, which asks only workers that are there", "sshdelay": "--delay", "combine-exec": "a script", "combineexec": "a script", "embed": "a script",
	"sqlmaster": "--log FILE", "sqlworker": "--on, with heirloom worker", "sqlandworker": "--on, with heirloom worker", "sql": "--log FILE",
	"seqreplace": "{#}", "U": "{.}", "extensionreplace": "{.}", "er": "{.}", "basenamereplace": "{/}", "bnr": "{/}", "dirnamereplace": "{//}", "dnr": "{//}",
	"basenameextensionreplace": "{/.}", "bner": "{/.}", "W": "cd DIR && heirloom run", "parens": "{%.gz}, {#old-} and the like", "minversion": "heirloom version", "fast": "nothing",
	"unsafe": "nothing: values are quoted", "tempdir": "TMPDIR=DIR heirloom run", "load-average": "--load",
	"hide": ">/dev/null in the command", "g": "-o whole, the default", "timings": "--log FILE", "handle-input": "--stdin first", "max-processes": "-j", "kill-signal": "--grace TIME", "prefix-colors": "--color", "c": "--color", "prefix-length": "--tagstring TEMPLATE", "timestamp-format": "ts(1) in the command", "teardown": "a command behind it",
}

// foreignFlag returns an error that says what to write instead of another program's
// flag, or nil.
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
