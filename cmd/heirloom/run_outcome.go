package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A runError is the error of a run that went to its end.
type runError struct {
	text string
	code int
}

func (e *runError) Error() string { return e.text }
func (e *runError) ExitCode() int { return e.code }

// outcome returns an error that says what did not go well. It returns nil only if all
// jobs, or as many as were required, have succeeded.
func outcome(stop *stopper, sum *jobs.Summary, err error) error {
	var by *jobs.Interrupted
	undone := sum.NotRun + sum.Canceled + sum.Skipped
	switch {
	case errors.As(context.Cause(stop.ctx), &by), errors.As(err, &by):
		text := fmt.Sprintf("%v: %s", by, kinds(sum.Counts))
		if other := new(jobs.Interrupted); err != nil && !errors.As(err, &other) && !errors.Is(err, context.Canceled) {
			text += "; " + err.Error() // as a log that lacks what has ended
		}
		return &runError{text, by.ExitCode()}
	case err != nil:
		return err
	case stop.drained():
		by = stop.by.Load()
		return &runError{fmt.Sprintf("%v: %s", by, kinds(sum.Counts)), by.ExitCode()}
	case sum.Enough:
		return nil
	case sum.Failed > 0:
		return &runError{fmt.Sprintf("%d of %s failed", sum.Failed+sum.TimedOut, count(sum)), exitFailure}
	case sum.TimedOut > 0:
		return &runError{fmt.Sprintf("%d of %s timed out", sum.TimedOut, count(sum)), jobs.ExitTimeout}
	case undone > 0 && sum.Halted:
		return nil
	case undone > 0:
		return &runError{fmt.Sprintf("%d of %s did not run to their end", undone, count(sum)), exitFailure}
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
