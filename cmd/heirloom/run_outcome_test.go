package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A run that is interrupted while its log waits for space says that the log lacks a job.
func TestInterruptedOutcome(t *testing.T) {
	by := &jobs.Interrupted{Signal: syscall.SIGTERM}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(by)
	stop := &stopper{ctx: ctx}
	sum := new(jobs.Summary)
	alone := outcome(stop, sum, nil).Error()
	for err, want := range map[error]string{
		by:                           alone,
		fmt.Errorf("run: %w", by):    alone,
		context.Canceled:             alone,
		errors.New("job log: write"): alone + "; job log: write",
	} {
		assert.EqualError(t, outcome(stop, sum, err), want)
	}
}
