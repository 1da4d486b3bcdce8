package main

import (
	"errors"
	"math"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/nearest"
)

// runFlags are the flags of heirloom run.
type runFlags struct {
	limit      atOnce
	file       string
	format     string
	null       bool
	colsep     string
	values     int
	fill       bool
	plus       bool
	noEmpty    bool
	pipe       bool
	block      size
	stdin      string
	tty        bool
	output     string
	colour     string
	tag        bool
	tagString  string
	results    string
	quiet      bool
	summary    string
	asJSON     bool
	dryRun     bool
	failFast   bool
	keepGoing  bool
	halt       string
	drain      bool
	retries    int
	retryDelay time.Duration
	retryOn    []string
	timeout    time.Duration
	delay      time.Duration
	load       percent
	memFree    size
	grace      time.Duration
	log        string
	resume     bool
	env        []string
	unset      []string
	shell      string
	hub        hubFlags
	template   string

	// Set by check from the fields above.
	columns *regexp.Regexp
	codes   jobs.Codes
	halting jobs.Halt
}

// The values of flags that have a fixed set of them, the default first.
var (
	formats = []string{"auto", "lines", "jsonl", "toml"}
	outputs = []string{"whole", "ordered", "lines", "direct"}
	whens   = []string{"auto", "always", "never"}
	stdins  = []string{"null", "open", "first"}
)

func (f *runFlags) declare(c *cobra.Command) {
	flags := c.Flags()
	flags.SetInterspersed(false) // flags after the command belong to the command
	flags.SortFlags = false
	f.limit = atOnce(runtime.NumCPU())
	f.block = 1 << 20

	flags.VarP(&f.limit, "jobs", "j", "how many to run at once: a number, 0 for all, a share of the processors (50%), or more than there are processors (+1)")
	flags.StringVarP(&f.file, "file", "f", "", "read jobs, or values, from a `file` instead of standard input")
	flags.StringVar(&f.format, "format", formats[0], "the format of the jobs: lines, jsonl, toml; auto decides by the file's name and text")
	flags.BoolVarP(&f.null, "null", "0", false, "lines end with a NUL, as from find -print0")
	flags.StringVarP(&f.colsep, "colsep", "C", "", "split each value into {1}, {2} and so on at this `regexp`")
	flags.IntVarP(&f.values, "max-values", "N", 0, "how many values each job gets; with --pipe, how many lines")
	flags.BoolVarP(&f.fill, "fill", "X", false, "give each job as many values as fit into its command")
	flags.BoolVar(&f.plus, "plus", false, "also replace {/a/b} {//a/b} {,} {,,} {,ab} {,,ab}")
	flags.BoolVarP(&f.noEmpty, "no-run-if-empty", "r", false, "do not fail if there is nothing to run; blank lines before the first value do not count")
	flags.BoolVar(&f.pipe, "pipe", false, "split standard input, or the file (-f), at line ends, and give each job a part to read")
	flags.Var(&f.block, "block", "with --pipe, about how much a job reads, as 10M")
	flags.StringVar(&f.stdin, "stdin", stdins[0], "the jobs' standard input: null, empty; open, empty and never closed; first, the run's own for the first job, and empty for others")
	flags.BoolVar(&f.tty, "tty", false, "give the terminal to one job at a time")
	flags.StringVarP(&f.output, "output", "o", outputs[0], "how output is printed: whole, when a job ends; ordered, whole and in the order of the starts; lines, each after the job's name; direct")
	flags.StringVar(&f.colour, "color", whens[0], "whether names before lines have colours: auto, always, never")
	flags.BoolVar(&f.tag, "tag", false, "put the job's name before each line, as -o lines does anyway")
	flags.StringVar(&f.tagString, "tagstring", "", "put this before lines instead of the name: a `template` with the placeholders of a command")
	flags.StringVar(&f.results, "results", "", "keep each job's output and its result in a `directory`")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress bar and no summary")
	flags.StringVar(&f.summary, "summary", whens[0], "whether to end with a table: auto (on a terminal, and of failures anywhere), always, never")
	flags.BoolVar(&f.asJSON, "json", false, "print results, output included, as JSON lines")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "print commands and run none")
	flags.BoolVar(&f.failFast, "fail-fast", false, "end the run with the first job that fails")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "run all jobs that can run, even if some fail (the default)")
	flags.StringVar(&f.halt, "halt", "", "end the run `when`: soon or now, and fail, success or done, as now,fail=2 or soon,success=10%")
	flags.BoolVar(&f.drain, "drain", false, "at the first signal, start no more jobs and let the running ones end by themselves")
	flags.IntVar(&f.retries, "retries", 0, "how often to repeat a job that fails")
	flags.DurationVar(&f.retryDelay, "retry-delay", 0, "the time before the first retry; doubled for each after it")
	flags.StringArrayVar(&f.retryOn, "retry-on", nil, "retry only after these exit `codes`, as 75,100-110,timeout")
	flags.DurationVar(&f.timeout, "timeout", 0, "the time limit of an attempt; 0 for none")
	flags.DurationVar(&f.delay, "delay", 0, "the time between the starts of two jobs")
	flags.Var(&f.load, "load", "start no job while the load is higher: a number, or a share of the processors (80%)")
	flags.Var(&f.memFree, "memfree", "start no job while less memory is free, as 2G")
	flags.DurationVar(&f.grace, "grace", 10*time.Second, "how long a command may take to end before it is killed")
	flags.StringVar(&f.log, "log", "", "write results to a `file`, as JSON lines; - is standard output")
	flags.BoolVar(&f.resume, "resume", false, "skip jobs that succeeded according to the log, and add to it")
	flags.StringArrayVarP(&f.env, "env", "e", nil, "set a variable for all jobs: `NAME=VALUE`")
	flags.StringArrayVar(&f.unset, "unset", nil, "remove a variable for all jobs: `NAME`")
	flags.StringVar(&f.shell, "shell", "", "the shell, instead of sh (cmd.exe on Windows), and its arguments: 'bash -o pipefail'")
	f.hub.declare(c, "run jobs on the workers of the hub with this `URL`, as nats://localhost:4222")
	flags.StringVar(&f.template, "template", "", "run the workers' own command of this `name`, with the values")
	for name, values := range map[string][]string{"format": formats, "output": outputs, "color": whens, "summary": whens, "stdin": stdins} {
		c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if hint := foreignFlag(err); hint != nil {
			return hint
		}
		return flagError(c, err)
	})
}

// check returns what is wrong with the flags themselves.
func (f *runFlags) check(flags *pflag.FlagSet) error {
	for _, choice := range []struct {
		flag, value string
		known       []string
	}{
		{"--format", f.format, formats},
		{"--output", f.output, outputs},
		{"--color", f.colour, whens},
		{"--summary", f.summary, whens},
		{"--stdin", f.stdin, stdins},
	} {
		if !slices.Contains(choice.known, choice.value) {
			if best, ok := nearest.Name(choice.value, choice.known); ok {
				return usagef("%s cannot be %q; did you mean %q?", choice.flag, choice.value, best)
			}
			return usagef("%s cannot be %q, but %s", choice.flag, choice.value, strings.Join(choice.known, ", "))
		}
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{
		{"--timeout", f.timeout},
		{"--grace", f.grace},
		{"--retry-delay", f.retryDelay},
		{"--delay", f.delay},
		{"--retries", time.Duration(f.retries)},
		{"--jobs", time.Duration(f.limit)},
		{"--max-values", time.Duration(f.values)},
	} {
		if d.value < 0 {
			return usagef("%s cannot be negative", d.flag)
		}
	}
	if err := f.parse(); err != nil {
		return err
	}
	if err := f.checkOn(flags); err != nil {
		return err
	}
	if flags.Changed("tty") && f.limit != 1 && flags.Changed("jobs") {
		return usagef("--tty gives the terminal to one job at a time, so --jobs can only be 1")
	}
	for _, pair := range [][2]string{
		{"fail-fast", "keep-going"}, {"fail-fast", "halt"}, {"keep-going", "halt"}, {"tty", "json"}, {"tty", "pipe"}, {"tty", "results"},
		{"stdin", "pipe"}, {"stdin", "tty"}, {"colsep", "pipe"}, {"fill", "pipe"}, {"format", "pipe"}, {"json", "tag"}, {"json", "tagstring"},
	} {
		if flags.Changed(pair[0]) && flags.Changed(pair[1]) {
			return usagef("--%s and --%s exclude each other", pair[0], pair[1])
		}
	}
	switch {
	case f.resume && f.log == "":
		return usagef("--resume needs --log, the log to resume from")
	case f.tagged() && (f.output == "direct" || f.tty):
		return usagef("direct output does not pass through heirloom, so --tag cannot mark its lines")
	case f.results != "" && (f.output == "lines" || f.output == "direct"):
		return usagef("--results keeps output that is printed whole, and --output %s is not", f.output)
	case f.tty && flags.Changed("output") && f.output != "direct":
		return usagef("with --tty, output is direct, not %s", f.output)
	case flags.Changed("max-values") && f.values == 0:
		return usagef("--max-values must be at least 1")
	case f.pipe && f.halting.Percent > 0:
		return usagef("--halt needs the number of jobs for a percentage, which is not known with --pipe; give it a number")
	case flags.Changed("block") && !f.pipe:
		return usagef("--block needs --pipe: it is how much a job reads")
	case f.retries == 0 && (f.codes != nil || f.retryDelay > 0) && flags.NArg() > 0: // a file's jobs have their own
		return usagef("--retry-on and --retry-delay need --retries, how often to try again")
	}
	return nil
}

// tagged reports whether lines get tags in any mode.
func (f *runFlags) tagged() bool { return f.tag || f.tagString != "" }

// parse parses the flags that need more than their text.
func (f *runFlags) parse() error {
	var err error
	if f.colsep != "" {
		if f.columns, err = regexp.Compile(f.colsep); err != nil {
			return usagef("--colsep cannot be %q: %w", f.colsep, errors.Unwrap(wrapped{err}))
		}
	}
	if on := strings.Join(f.retryOn, ","); on != "" {
		if f.codes, err = jobs.ParseCodes(on); err != nil {
			return usagef("--retry-on: %w", err)
		}
	}
	if f.halting, err = jobs.ParseHalt(f.halt); err != nil {
		return usagef("--halt cannot be %q: %w", f.halt, err)
	}
	if _, _, err := canHold(float64(f.load), int64(f.memFree)); err != nil {
		return &usageError{err}
	}
	return nil
}

// A wrapped is the error of a regexp, without the words that the message around it has
// already.
type wrapped struct{ err error }

func (w wrapped) Error() string { return w.err.Error() }
func (w wrapped) Unwrap() error {
	return errors.New(strings.TrimPrefix(w.err.Error(), "error parsing regexp: "))
}

// variables returns the variables of --env.
func (f *runFlags) variables() (map[string]string, error) {
	env := map[string]string{}
	for _, e := range f.env {
		name, value, ok := strings.Cut(e, "=")
		if !ok || name == "" {
			if ok || strings.TrimSpace(e) == "" {
				return nil, usagef("--env takes NAME=VALUE, not %q", e)
			}
			return nil, usagef("--env takes NAME=VALUE, not %q; jobs have the variables that are set here already", e)
		}
		env[name] = value
	}
	for _, name := range f.unset {
		if name == "" || strings.ContainsAny(name, "=, ") {
			return nil, usagef("--unset takes one NAME, not %q", name)
		}
		if _, ok := env[name]; ok {
			return nil, usagef("--env and --unset both name %s", name)
		}
	}
	return env, nil
}

// atOnce parses how many jobs run at once.
type atOnce int

func (a *atOnce) String() string { return strconv.Itoa(int(*a)) }
func (a *atOnce) Type() string   { return "number" }

func (a *atOnce) Set(s string) error {
	if share, ok := strings.CutSuffix(s, "%"); ok {
		n, err := strconv.ParseFloat(share, 64)
		if err != nil || !(n > 0 && n <= 1e6) {
			return errors.New("not a percentage of the processors")
		}
		*a = atOnce(max(1, int(math.Round(n/100*float64(runtime.NumCPU())))))
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return err
	}
	if strings.HasPrefix(s, "+") {
		n += runtime.NumCPU()
	}
	*a = atOnce(n)
	return nil
}

// percent parses a number, or a percentage of the number of processors. 0 means none.
type percent float64

func (p *percent) String() string { return "" }
func (p *percent) Type() string   { return "load" }

func (p *percent) Set(s string) error {
	number, share := strings.CutSuffix(s, "%")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n > 0 && n <= 1e6) {
		return errors.New("not a load, such as 4 or 80%")
	}
	if share {
		n *= float64(runtime.NumCPU()) / 100
	}
	*p = percent(n)
	return nil
}

// size parses a number of bytes, with K, M, G or T for powers of 1024, and k, m, g or t
// for powers of 1000, as in GNU parallel.
type size int64

func (n *size) String() string {
	value, unit := *n, ""
	for _, next := range []string{"K", "M", "G", "T"} {
		if value == 0 || value%1024 != 0 {
			break
		}
		value, unit = value/1024, next
	}
	return strconv.FormatInt(int64(value), 10) + unit
}
func (n *size) Type() string { return "size" }

func (n *size) Set(s string) error {
	digits := strings.TrimRight(s, "kKmMgGtTiIbB")
	unit := strings.TrimSuffix(strings.TrimSuffix(s[len(digits):], "B"), "b")
	base := 1024.0
	if short := strings.TrimSuffix(unit, "i"); short != unit {
		unit = strings.ToUpper(short) // KiB
	} else if unit != strings.ToUpper(unit) {
		unit, base = strings.ToUpper(unit), 1000
	}
	power, ok := map[string]float64{"": 0, "K": 1, "M": 2, "G": 3, "T": 4}[unit]
	value, err := strconv.ParseFloat(digits, 64)
	value *= math.Pow(base, power)
	if !ok || err != nil || !(value >= 1 && value < 1<<62) {
		return errors.New("not a size, such as 500K, 10M or 2G")
	}
	*n = size(value)
	return nil
}
