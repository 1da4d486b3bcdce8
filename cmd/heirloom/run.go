package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/nearest"
)

// runFlags are the flags of heirloom run.
type runFlags struct {
	limit      int
	file       string
	format     string
	null       bool
	output     string
	colour     string
	quiet      bool
	summary    string
	asJSON     bool
	dryRun     bool
	failFast   bool
	keepGoing  bool
	retries    int
	retryDelay time.Duration
	timeout    time.Duration
	grace      time.Duration
	log        string
	resume     bool
	env        []string
	shell      string
}

// What flags with a fixed set of values can be, the default first.
var (
	formats = []string{"auto", "lines", "jsonl", "toml"}
	outputs = []string{"whole", "ordered", "lines", "direct"}
	whens   = []string{"auto", "always", "never"}
)

func newRun() *cobra.Command {
	f := new(runFlags)
	c := &cobra.Command{
		Use:   "run [flags] [command] [::: value...]...",
		Short: "Run shell commands concurrently",
		Long: `Run runs shell commands, several at a time.

With a command, it is run once for each value: those that follow :::, the lines
of a file (-f), or those of standard input. What takes a value's place in the
command is written as in GNU parallel, and quoted for the shell:

  {}    the value, which is put at the end if the command does not say where
  {.}   without its extension       {/}   without its directory
  {//}  its directory               {/.}  without directory and extension
  {1}   the value of the first ::: list; {2/.} and so on for the others
  {#}   the number of the job

Several lists of values are combined, each value with each. Without a command,
what follows ::: are commands themselves.

With neither, jobs are read from a file (-f) or standard input, in one of these:

  lines  a command on each line; blank ones and those that start with # are none
  jsonl  a JSON object on each line, with a job's fields (see below)
  toml   a [[jobs]] table for each job, with the same fields

  name     what others need it by
  command  a shell command
  env      variables to set: {"MODE": "debug"}
  dir      the directory to run in
  timeout  for each attempt: "90s"
  retries  how often to try again
  needs    names of jobs that must succeed first
  jobs     jobs of a group, which has no command

A job of a group is named after it: group/job. It inherits the group's env, dir,
timeout and retries, and what it sets itself is seen by no other. At the top of a
TOML file the same can be set for all. Commands find their variables in the
environment, with HEIRLOOM_JOB, HEIRLOOM_NUMBER and HEIRLOOM_ATTEMPT.

A command has ended when its process has; what that leaves in the background is
ended as well. Its standard input is empty.

Ctrl-C (SIGINT), SIGTERM, SIGHUP and SIGQUIT are passed on to all that runs,
which is killed if it has not ended in time (--grace), or at the second signal.

The exit code tells what became of the jobs:

  0    all succeeded, in this run or one that it resumes
  1    some failed, or results could not be written
  2    nothing was run: a flag, an argument or the jobs' file is wrong
  124  some timed out, and none failed otherwise
  129, 130, 131, 143
       the run was ended by SIGHUP, SIGINT, SIGQUIT or SIGTERM`,
		Example: `  heirloom run 'gzip -9 {}' ::: *.log
  find . -name '*.png' -print0 | heirloom run -0 -j 4 'optipng {}'
  heirloom run echo {1}-{2} ::: a b c ::: 1 2
  heirloom run --output lines ::: 'npm start' 'go run ./server'
  heirloom run -j 8 --log jobs.log < jobs.txt
  heirloom run -j 8 --log jobs.log --resume < jobs.txt
  heirloom run -f build.toml --fail-fast --timeout 10m`,
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	flags := c.Flags()
	flags.SetInterspersed(false) // what follows the command is the command's
	flags.IntVarP(&f.limit, "jobs", "j", runtime.NumCPU(), "how many to run at once; 0 for all")
	flags.StringVarP(&f.file, "file", "f", "", "read jobs, or values, from a `file` and not from standard input")
	flags.StringVar(&f.format, "format", formats[0], "the jobs' format: lines, jsonl, toml; auto looks at name and text")
	flags.BoolVarP(&f.null, "null", "0", false, "lines end with a NUL, as from find -print0")
	flags.StringVarP(&f.output, "output", "o", outputs[0], "what jobs write is printed whole, ordered (whole, in order of their start), by lines with the job's name, or direct")
	flags.StringVar(&f.colour, "color", whens[0], "whether names before lines have colours: auto, always, never")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress bar and no summary")
	flags.StringVar(&f.summary, "summary", whens[0], "whether to end with a table: auto (on a terminal, or of failures), always, never")
	flags.BoolVar(&f.asJSON, "json", false, "print results, output included, as JSON lines")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "print commands and run none")
	flags.BoolVar(&f.failFast, "fail-fast", false, "end the run with the first job that fails")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "run all that can be run, whatever fails (the default)")
	flags.IntVar(&f.retries, "retries", 0, "how often to try a job again that fails")
	flags.DurationVar(&f.retryDelay, "retry-delay", 0, "the time before the first retry; doubled for each after it")
	flags.DurationVar(&f.timeout, "timeout", 0, "the time that an attempt has; 0 for no limit")
	flags.DurationVar(&f.grace, "grace", 10*time.Second, "the time to end in before being killed")
	flags.StringVar(&f.log, "log", "", "write results to a `file`, as JSON lines")
	flags.BoolVar(&f.resume, "resume", false, "skip jobs that succeeded according to the log, and add to it")
	flags.StringArrayVarP(&f.env, "env", "e", nil, "set a variable for all jobs: `NAME=VALUE`")
	flags.StringVar(&f.shell, "shell", "", "the shell, instead of sh (cmd.exe on Windows)")
	for name, values := range map[string][]string{"format": formats, "output": outputs, "color": whens, "summary": whens} {
		c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return c
}

// check finds what is wrong with the flags by themselves.
func (f *runFlags) check() error {
	for _, choice := range []struct {
		flag, value string
		known       []string
	}{
		{"--format", f.format, formats},
		{"--output", f.output, outputs},
		{"--color", f.colour, whens},
		{"--summary", f.summary, whens},
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
		{"--retries", time.Duration(f.retries)},
		{"--jobs", time.Duration(f.limit)},
	} {
		if d.value < 0 {
			return usagef("%s cannot be negative", d.flag)
		}
	}
	switch {
	case f.failFast && f.keepGoing:
		return usagef("--fail-fast and --keep-going exclude each other")
	case f.resume && f.log == "":
		return usagef("--resume needs --log, the log to resume from")
	}
	return nil
}

// variables are those of --env.
func (f *runFlags) variables() (map[string]string, error) {
	env := map[string]string{}
	for _, e := range f.env {
		name, value, ok := strings.Cut(e, "=")
		if !ok || name == "" {
			return nil, usagef("--env takes NAME=VALUE, not %q", e)
		}
		env[name] = value
	}
	return env, nil
}

func (f *runFlags) run(c *cobra.Command, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	env, err := f.variables()
	if err != nil {
		return err
	}
	shell, err := f.findShell()
	if err != nil {
		return &usageError{err}
	}
	in, err := f.input(args, c.InOrStdin(), shell)
	if err != nil {
		return &usageError{err}
	}
	defer in.close()
	log, err := f.openLog()
	if err != nil {
		return &usageError{err}
	}
	defer log.Close()

	screen := f.newScreen(c.OutOrStdout(), c.ErrOrStderr())
	stop := newStopper(c.Context(), screen.say)
	defer stop.end()
	o := jobs.Options{
		Limit:      f.limit,
		Shell:      shell,
		Env:        env,
		Timeout:    f.timeout,
		Retries:    f.retries,
		RetryDelay: f.retryDelay,
		FailFast:   f.failFast,
		Grace:      f.grace,
		Hurry:      stop.hurry,
		Output:     screen.output,
		Log:        log,
		Progress:   screen.progress,
	}
	if f.dryRun {
		o.Explain = screen.explain
	}
	var sum *jobs.Summary
	if in.plan != nil {
		sum, err = jobs.RunPlan(stop.ctx, in.plan, o)
	} else {
		sum, err = jobs.RunStream(stop.ctx, in.stream, o)
	}
	if log != nil {
		err = errors.Join(err, log.Close())
	}
	if told := screen.end(sum); err == nil {
		err = told
	}
	return outcome(stop.ctx, sum, err)
}

func (f *runFlags) findShell() (*jobs.Shell, error) {
	if f.shell == "" {
		return jobs.DefaultShell()
	}
	return jobs.NamedShell(f.shell)
}

func (f *runFlags) openLog() (*jobs.Log, error) {
	switch {
	case f.log == "" || f.dryRun && !f.resume:
		return nil, nil
	case f.resume:
		return jobs.ResumeLog(f.log)
	}
	return jobs.CreateLog(f.log)
}

// input is what is to be run: one of its fields is set.
type input struct {
	stream jobs.Stream
	plan   *jobs.Plan
	file   *os.File
}

func (in *input) close() {
	if in.file != nil {
		in.file.Close()
	}
}

// input takes the arguments apart, and finds where the rest comes from.
func (f *runFlags) input(args []string, stdin io.Reader, shell *jobs.Shell) (*input, error) {
	words, lists := splitLists(args)
	command := strings.Join(words, " ")
	if len(lists) > 0 {
		if f.file != "" {
			return nil, errors.New("there are values after ::: and in a file; which ones?")
		}
		if command != "" {
			template, err := jobs.ParseTemplate(command, len(lists), shell.Quote)
			if err != nil {
				return nil, err
			}
			return &input{stream: jobs.Values(template, lists)}, nil
		}
		if len(lists) > 1 {
			return nil, errors.New("there is no command to combine the values of several ::: in")
		}
		return &input{stream: jobs.Commands(lists[0])}, nil
	}

	in := new(input)
	name := "standard input"
	if f.file != "" && f.file != "-" {
		file, err := os.Open(f.file)
		if err != nil {
			return nil, err
		}
		if info, err := file.Stat(); err == nil && info.IsDir() {
			file.Close()
			return nil, fmt.Errorf("%s is a directory", f.file)
		}
		name, stdin, in.file = f.file, file, file
	} else if isTerminal(stdin) && f.file == "" {
		if command != "" {
			return nil, fmt.Errorf("no values for %q; give them after :::, in a file (-f) or on standard input", command)
		}
		return nil, errors.New("nothing to run; heirloom run --help tells how to give commands")
	}
	sep := byte('\n')
	if f.null {
		sep = 0
	}
	if command != "" {
		if f.format != formats[0] && f.format != "lines" {
			return nil, fmt.Errorf("with a command, what is read are values, one on a line, and not %s", f.format)
		}
		template, err := jobs.ParseTemplate(command, 1, shell.Quote)
		if err != nil {
			return nil, err
		}
		in.stream = jobs.ValueLines(template, stdin, sep)
		return in, nil
	}
	return in, f.readJobs(in, name, bufio.NewReader(stdin), sep)
}

// splitLists cuts the arguments at each ":::".
func splitLists(args []string) (command []string, lists [][]string) {
	for {
		i := slices.Index(args, ":::")
		if i < 0 {
			i = len(args)
		}
		if lists == nil {
			command, lists = args[:i], [][]string{}
		} else {
			lists = append(lists, args[:i])
		}
		if i == len(args) {
			return command, lists
		}
		args = args[i+1:]
	}
}

func (f *runFlags) readJobs(in *input, name string, r *bufio.Reader, sep byte) error {
	decode := jobs.DecodeTOML
	switch f.formatOf(r) {
	case "lines":
		in.stream = jobs.Lines(r, sep)
		return nil
	case "jsonl":
		decode = jobs.DecodeJSONLines
	}
	root, err := decode(r)
	if err == nil {
		in.plan, err = jobs.NewPlan(root)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// formatOf is the format that was asked for, or that the file's name tells, or
// else its text: an object that begins the first line makes it JSON lines.
func (f *runFlags) formatOf(r *bufio.Reader) string {
	if f.format != formats[0] {
		return f.format
	}
	switch strings.ToLower(filepath.Ext(f.file)) {
	case ".toml":
		return "toml"
	case ".jsonl", ".ndjson", ".json":
		return "jsonl"
	}
	braced := false
	for n := 1; ; n++ {
		head, err := r.Peek(n) // which waits for no more than it has to
		if err != nil {
			return "lines"
		}
		switch last := head[n-1]; {
		case strings.IndexByte(" \t\r\n", last) >= 0:
		case last == '{' && !braced:
			braced = true
		case braced && (last == '"' || last == '}'):
			return "jsonl"
		default:
			return "lines"
		}
	}
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// A runError is that of a run which did all it could.
type runError struct {
	text string
	code int
}

func (e *runError) Error() string { return e.text }
func (e *runError) ExitCode() int { return e.code }

// outcome makes an error of what did not go well.
func outcome(ctx context.Context, sum *jobs.Summary, err error) error {
	var by *jobs.Interrupted
	switch {
	case err != nil:
		return err
	case errors.As(context.Cause(ctx), &by):
		return &runError{fmt.Sprintf("%v: %s", by, kinds(sum.Counts)), by.ExitCode()}
	case sum.Failed > 0:
		return &runError{fmt.Sprintf("%d of %s failed", sum.Failed+sum.TimedOut, count(sum)), exitFailure}
	case sum.TimedOut > 0:
		return &runError{fmt.Sprintf("%d of %s timed out", sum.TimedOut, count(sum)), exitTimeout}
	}
	return nil
}

func count(sum *jobs.Summary) string {
	n := sum.Ended() + sum.NotRun
	if n == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", n)
}

// exitTimeout is what timeout(1) has for a command that it ends.
const exitTimeout = 124
