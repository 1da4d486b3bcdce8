//go:build !unix && !windows

package main

import (
	"io"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// There is no progress bar on systems without terminals.
type progressBar struct{ io.Writer }

func newProgressBar(io.Writer) *progressBar { return nil }

func (*progressBar) begin()          {}
func (*progressBar) set(jobs.Counts) {}
func (*progressBar) end()            {}
