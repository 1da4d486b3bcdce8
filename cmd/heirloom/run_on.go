package main

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/machines"
)

// The defaults of how many jobs are sent at once, and of how much input a job reads
// with --pipe.
const (
	elsewhereAtOnce = 100
	elsewhereBlock  = 512 << 10 // fits into a message of a hub as text
)

// checkOn returns what is wrong with the flags that are about other machines.
func (f *runFlags) checkOn(flags *pflag.FlagSet) error {
	if f.hub.on == "" {
		if f.template != "" {
			return usagef("--template names a command of the workers, so it needs --on")
		}
		return nil
	}
	for _, name := range []string{"tty", "stdin", "shell", "load", "memfree"} {
		if flags.Changed(name) {
			return usagef("--%s is for jobs on this machine, and cannot be used with --on", name)
		}
	}
	if !flags.Changed("jobs") {
		f.limit = elsewhereAtOnce
	}
	if !flags.Changed("block") {
		f.block = elsewhereBlock
	}
	if f.template == "" {
		return nil
	}
	for _, name := range []string{"env", "unset", "pipe", "fill", "plus"} {
		if flags.Changed(name) {
			return usagef("with --template, workers take only values, so --%s cannot be given", name)
		}
	}
	if err := machines.CheckTemplateName(f.template); err != nil {
		return usagef("--%w", err)
	}
	return nil
}

// call opens the hub that --on names. It returns nil if there is none.
func (f *runFlags) call(ctx context.Context, log *jobs.Log, say func(string)) (*machines.Caller, error) {
	if f.hub.on == "" || f.dryRun {
		return nil, nil
	}
	run := ""
	if log != nil {
		var err error
		if run, err = log.Run(); err != nil {
			return nil, err
		}
	}
	f.hub.Say = say
	return f.hub.Call(ctx, run, f.resume)
}

// hurryWith makes workers kill their commands when the grace period ends, until the run
// ends.
func hurryWith(stop *stopper, caller *machines.Caller) (end func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-stop.hurry:
			caller.Hurry()
		case <-over:
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}
