package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/nearest"
)

// Exit codes that every command shares.
const (
	exitFailure = 1
	exitUsage   = 2
)

// A usageError is a mistake in the command line; nothing was done.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) ExitCode() int { return exitUsage }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// exitCode returns what the ExitCode method of err returns, if err has one, or 1.
func exitCode(err error) int {
	var coded interface {
		error
		ExitCode() int
	}
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return exitFailure
}

// unknown returns the error for an unknown name of the given kind. It suggests
// the nearest known name, or otherwise help.
func unknown(kind, name string, known []string, help string) error {
	if best, ok := nearest.Name(name, known); ok {
		return usagef("unknown %s %q; did you mean %q?", kind, name, best)
	}
	return usagef("unknown %s %q; %s", kind, name, help)
}

// flagError rewords pflag's errors as usage errors, with the nearest known flag.
func flagError(c *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	help := fmt.Sprintf("%s --help lists them", c.CommandPath())
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		why := invalid.Unwrap()
		var number *strconv.NumError
		if errors.As(why, &number) {
			why = number.Err
		}
		if strings.Trim(invalid.GetValue(), ".0123456789") == "" && invalid.GetFlag().Value.Type() == "duration" {
			return usagef("--%s cannot be %q, which has no unit; write %[2]ss", invalid.GetFlag().Name, invalid.GetValue())
		}
		if strings.HasSuffix(invalid.GetValue(), "%") && invalid.GetFlag().Value.Type() == "duration" {
			return usagef("--%s cannot be %q, a share of the times of other jobs; write a time, as 90s", invalid.GetFlag().Name, invalid.GetValue())
		}
		return usagef("--%s cannot be %q: %w", invalid.GetFlag().Name, invalid.GetValue(), why)
	}
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return &usageError{err}
	}
	name := missing.GetSpecifiedName()
	if missing.GetSpecifiedShortnames() != "" {
		return unknown("flag", "-"+name, nil, help)
	}
	known := []string{"--help"}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, "--"+f.Name)
		}
	})
	return unknown("flag", "--"+name, known, help)
}

// atMost limits the number of arguments. Its error names the first excess one.
func atMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		takes := "no argument"
		if n == 1 {
			takes = "one at most"
		}
		return usagef("unexpected argument %q; %s takes %s", args[n], c.CommandPath(), takes)
	}
}
