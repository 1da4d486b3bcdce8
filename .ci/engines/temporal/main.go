// Command temporal runs a command together with a real Temporal server, which ends with
// the command:
//
//	temporal go test ./...
//
// The server is one process with SQLite in memory, on a loopback port that the system
// chooses. The environment variable HEIRLOOM_TEMPORAL gives the command the address and
// the namespace of the server, separated by a space. The exit code is the command's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/server/temporaltest"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: temporal command [argument ...]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	server := temporaltest.NewServer()
	command := exec.CommandContext(ctx, os.Args[1], os.Args[2:]...)
	command.Env = append(os.Environ(), "HEIRLOOM_TEMPORAL="+server.GetFrontendHostPort()+" "+server.GetDefaultNamespace())
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	err := command.Run()

	// The server need not be stopped, since it leaves nothing outside of this process.
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode())
	default:
		fmt.Fprintln(os.Stderr, "temporal:", err)
		os.Exit(1)
	}
}
