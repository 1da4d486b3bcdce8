package main

import (
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
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
	f.declare(c)
	return c
}

func (f *runFlags) run(c *cobra.Command, args []string) error {
	if err := errors.Join(f.check(c.Flags()), f.hub.check(c)); err != nil {
		return err
	}
	env, err := f.variables()
	if err != nil {
		return err
	}
	shell, err := f.quotingShell()
	if err != nil {
		return &usageError{err}
	}
	in, err := f.input(args, c.InOrStdin(), shell)
	if err != nil {
		return &usageError{err}
	}
	defer in.close()
	if f.halting.Percent > 0 && in.plan == nil && in.total == 0 {
		if in.stream, in.total, err = in.stream.Whole(); err != nil {
			return &usageError{err}
		}
	}
	own, err := f.ownStdin(in, c.InOrStdin())
	if err != nil {
		return &usageError{err}
	}
	if own != nil {
		defer own.Close()
	}
	screen := f.newScreen(c.OutOrStdout(), c.ErrOrStderr())
	results, err := f.keepResults(screen.output)
	if err != nil {
		return &usageError{err}
	}
	defer results.Close()
	log, err := f.openLog()
	if err != nil {
		return &usageError{err}
	}
	defer log.Close()

	caller, err := f.call(c.Context(), log, screen.say)
	if err != nil {
		return err
	}
	if caller != nil {
		defer caller.Close()
	}

	screen.begin()
	log.Through(screen.out, screen.messages)
	processes := new(jobs.Processes)
	stop := newStopper(c.Context(), screen.say, stopTexts{
		first:  "waiting for jobs to end; once more to kill them",
		second: "killing what is left",
	}, f.drain)
	defer stop.end()
	defer watchProcesses(processes, screen.say)()
	o := jobs.Options{
		Limit:      int(f.limit),
		Total:      in.total,
		Shell:      shell,
		Env:        env,
		Unset:      f.unset,
		Timeout:    f.timeout,
		Retries:    f.retries,
		RetryDelay: f.retryDelay,
		RetryOn:    f.codes,
		Delay:      f.delay,
		FailFast:   f.failFast,
		Halt:       f.halting,
		Grace:      f.grace,
		Hurry:      stop.hurry,
		Drain:      stop.drain,
		Stdin:      map[string]jobs.Stdin{"null": jobs.Null, "open": jobs.Open, "first": jobs.First}[f.stdin],
		Input:      own,
		TTY:        f.tty,
		Output:     screen.output,
		Log:        log,
		Processes:  processes,
		Progress:   screen.progress,
		Say:        screen.say,
		Hold:       f.hold(),
	}
	if f.tty {
		o.Limit = 1
	}
	if caller != nil {
		o.Elsewhere = caller.Run
		defer hurryWith(stop, caller)()
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
	if failed := screen.end(sum); err == nil {
		err = failed
	}
	if err == nil && stop.ctx.Err() == nil && sum.Ended()+sum.NotRun == 0 && !f.noEmpty && !stop.drained() {
		return usagef("nothing was run: %s (-r if that is no error)", in.empty)
	}
	return outcome(stop, sum, err)
}

// quotingShell returns the shell for which commands are quoted.
func (f *runFlags) quotingShell() (*jobs.Shell, error) {
	if f.hub.on != "" {
		return jobs.ElsewhereShell(), nil
	}
	return findShell(f.shell)
}

func findShell(name string) (*jobs.Shell, error) {
	if name == "" {
		return jobs.DefaultShell()
	}
	return jobs.NamedShell(name)
}

func (f *runFlags) openLog() (*jobs.Log, error) {
	switch {
	case f.log == "" || f.dryRun && !f.resume:
		return nil, nil
	case f.dryRun:
		return jobs.ReadLog(f.log)
	case f.resume:
		return jobs.ResumeLog(f.log)
	}
	return jobs.CreateLog(f.log)
}

func (f *runFlags) keepResults(o jobs.Output) (*jobs.Results, error) {
	if f.results == "" || f.dryRun {
		return nil, nil
	}
	results, err := jobs.OpenResults(f.results, f.resume)
	if err == nil && !jobs.KeepResults(o, results) {
		results.Close()
		err = errors.New("--results keeps output that is printed whole, which this output is not")
	}
	return results, err
}

// ownStdin returns the run's own standard input, for jobs that get it. The caller must
// close the file.
func (f *runFlags) ownStdin(in *input, stdin io.Reader) (*os.File, error) {
	file, _ := stdin.(*os.File)
	switch {
	case f.dryRun:
		return nil, nil
	case f.tty && (in.reads || !isTerminal(stdin)):
		tty, err := os.OpenFile(terminalPath, os.O_RDWR, 0)
		if err != nil {
			return nil, errors.New("--tty gives jobs the terminal, and there is none")
		}
		return tty, nil
	case f.stdin != "first" && !f.tty:
		return nil, nil
	case in.reads:
		return nil, errors.New("--stdin first gives standard input to a job, but the jobs themselves are read from it; use ::: or -f")
	case file == nil:
		return nil, nil
	}
	return duplicate(file)
}
