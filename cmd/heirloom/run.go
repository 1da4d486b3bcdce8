package main

import (
	"errors"
	"runtime"
	"time"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
	"github.com/spf13/cobra"
)

func newRun() *cobra.Command {
	f := new(runFlags)
	c := &cobra.Command{
		Use:     "run [flags] [command] [::: value...]...",
		Short:   "Run shell commands concurrently",
		Long:    runLong,
		Example: runExample,
		RunE:    func(c *cobra.Command, args []string) error { return f.run(c, args) },
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
