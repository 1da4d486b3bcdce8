package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

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
