//go:build !unix

package main

import (
	"os"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

const terminalPath = "CONIN$"

// duplicate returns the file itself, which the end of the program closes.
func duplicate(f *os.File) (*os.File, error) { return os.NewFile(f.Fd(), f.Name()), nil }

// On these systems, processes are not stopped, and none has to be reaped.
func watchProcesses(*jobs.Processes, func(string)) (stop func()) { return func() {} }
