package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// foreign has flags of GNU parallel, xargs, make and concurrently, without the dashes
// between their words, after what replaces them here.
var foreign = []struct{ ours, names string }{
	{"-o ordered", "k keeporder"},
	{"-o direct", "u ungroup raw"},
	{"-o whole, the default", "group nokeeporder g nok"},
	{"-o lines, or -o direct", "lb linebuffer linebuffered"},
	{"--tag", "ctag"},
	{"--tagstring TEMPLATE", "ctagstring prefix prefixlength tagstring"},
	{"a jobs' file with names", "names"},
	{"--log FILE", "joblog jl sqlmaster sql timings"},
	{"--log FILE --resume, which runs those that failed again", "resumefailed"},
	{"--log FILE --resume", "retryfailed"},
	{"-j", "P maxprocs maxprocesses"},
	{"-f FILE", "a argfile"},
	{"tr and -0: tr , '\\0' < FILE | heirloom run -0", "d delimiter delim"},
	{"-N", "maxargs L l maxlines maxreplaceargs lines"},
	{"-X", "m xargs x"},
	{"-N or -X", "s maxchars"},
	{"{}, which is the only name of a value", "I replace"},
	{"{}", "i"},
	{":::+", "link xapply linkinputsource xapplyinputsource"},
	{"tail -n +2 and {1}, {2}: columns have numbers", "header"},
	{"a sed before it", "trim"},
	{"nice -n N heirloom run", "nice"},
	{"cd DIR && heirloom run, or dir in a jobs' file", "wd workdir"},
	{"nothing: the bar is there on a terminal", "bar progress"},
	{"nothing: the bar has it", "eta"},
	{"-n to see commands", "t D debug"},
	{"-n to see commands, or --log FILE", "verbose v"},
	{"nothing", "willcite gnu nonotice silent plain citation bibtex fast tollef B T H ctrlc noctrlc"},
	{"TMPDIR=DIR heirloom run", "tmpdir tempdir"},
	{"a TMPDIR that compresses", "compress usecompressprogram compressprogram usedecompressprogram decompressprogram"},
	{"shuf before it", "shuf"},
	{"nothing: values are quoted", "quote unsafe"},
	{"-n", "shellquote dryrun dr"},
	{"--memfree SIZE", "noswap memsuspend swap"},
	{"--halt now,done=1", "killothers"},
	{"--fail-fast", "killothersonfail"},
	{"--halt now,success=1", "success"},
	{"--grace TIME", "termseq killsignal"},
	{"--on, with heirloom worker on the other machines, or ssh in the command", "S sshlogin nonall onall ssh M controlmaster"},
	{"ssh in the command", "slf sshloginfile"},
	{"scp in the command", "transfer return transferfile tf trc transferfiles"},
	{"--pipe -f FILE", "pipepart"},
	{"--pipe, which gives each block to a job of its own", "roundrobin round"},
	{"--pipe, whose records end with a line, or with a NUL (-0)", "recend recstart"},
	{"--pipe and cat > file in the command", "cat"},
	{"--pipe", "fifo spreadstdin"},
	{"-o lines", "tmux ll latestline tmuxpane"},
	{"flock(1)", "sem semaphore fg bg id wait semaphorename semaphoretimeout st"},
	{"-n, and then the run", "interactive p"},
	{"--tty", "opentty"},
	{":::", "argsep"},
	{"::::", "argfilesep"},
	{"head or sed before it", "E eof"},
	{"--plus, or work in the command", "rpl"},
	{"if in the command", "filter"},
	{"tail -n +2 before it", "skipfirstline"},
	{"getconf ARG_MAX", "maxlinelengthallowed showlimits"},
	{"sh -c", "passwd"},
	{"--retries", "restarttries"},
	{"--retry-delay", "restartafter"},
	{"--keep-going", "keep"},
	{"--color never", "nocolor"},
	{"{%} or $HEIRLOOM_SLOT", "processslotvar"},
	{"--halt now,fail=1", "exit"},
	{"--halt", "haltonerror"},
	{"--block", "blocksize"},
	{"--results", "res"},
	{"--colsep ,", "csv"},
	{"nothing: --colsep is one", "regexp"},
	{"--results DIR", "files outputasfiles result"},
	{"--color, or --summary", "colorfailed cf colourfailed colorfail colourfail"},
	{"tee(1) before it", "tee"},
	{"tr or sed in the command", "rrs removerecsep"},
	{"a split before it", "shard bin groupby"},
	{"nothing: values that follow ::: are counted", "totaljobs total"},
	{"--pipe, which waits for whole blocks", "blocktimeout bt"},
	{"heirloom version", "version V minversion"},
	{"an alias of your shell", "J profile"},
	{"-e NAME=VALUE", "recordenv"},
	{"nproc", "numberofcpus numberofcores numberofthreads numberofsockets"},
	{"-j 50%", "usecoresinsteadofthreads usecpusinsteadofcores usesocketsinsteadofthreads"},
	{"scp before it", "basefile bf"},
	{"rm in the command", "cleanup"},
	{"--load or --memfree", "limit"},
	{"heirloom worker with a namespace of its own for each group", "hostgroups hgrp"},
	{"--on, which asks only workers that are there", "filterhosts filterhost"},
	{"--delay", "sshdelay"},
	{"a script", "combineexec embed"},
	{"--on, with heirloom worker", "sqlworker sqlandworker"},
	{"{#}", "seqreplace"},
	{"{.}", "U extensionreplace er"},
	{"{/}", "basenamereplace bnr"},
	{"{//}", "dirnamereplace dnr"},
	{"{/.}", "basenameextensionreplace bner"},
	{"cd DIR && heirloom run", "W"},
	{"{%.gz}, {#old-} and similar ones", "parens"},
	{"--load", "loadaverage"},
	{">/dev/null in the command", "hide"},
	{"--stdin first", "handleinput"},
	{"--color", "prefixcolors c"},
	{"ts(1) in the command", "timestampformat"},
	{"a command behind it", "teardown"},
	{"--color always", "colour"},
	{"-e NAME=VALUE for variables", "session"},
	{"rsync in the command", "rsyncopts"},
	{"{%}", "slotreplace"},
	{"a file in place of the template: cp or sed in the command", "tmpl"},
	{"a script that calls heirloom run", "shebang hashbang shebangwrap"},
	{"-r", "norunifempty"},
	{"heirloom completion", "shellcompletion"},
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
	if dashes == "-" != (len(name) == 1) {
		return nil
	}
	word := strings.NewReplacer("-", "", "_", "").Replace(name) // --line-buffer is --linebuffer
	for _, f := range foreign {
		if slices.Contains(strings.Fields(f.names), word) {
			return usagef("unknown flag %q; write %s", dashes+name, f.ours)
		}
	}
	return nil
}
