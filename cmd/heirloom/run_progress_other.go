//go:build !unix && !windows

package main

import (
	"io"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// There is no progress bar where there are no terminals.
type progressBar struct{ io.Writer }

func newProgressBar(io.Writer) *progressBar { return nil }

func (*progressBar) begin()          {}
func (*progressBar) set(jobs.Counts) {}
func (*progressBar) end()            {}
