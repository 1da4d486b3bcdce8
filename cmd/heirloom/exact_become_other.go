//go:build !unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// become runs another program and ends with its exit code. It returns only if the
// program can't be started.
func become(path string, args, env []string) error {
	// The other program handles Ctrl-C: the console sends it to both.
	signal.Ignore(os.Interrupt)
	cmd := exec.Cmd{Path: path, Args: args, Env: env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err == nil || errors.As(err, &exit) {
		os.Exit(cmd.ProcessState.ExitCode())
	}
	return err
}
