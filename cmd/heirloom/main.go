// Command heirloom shows what the library does and runs shell commands with it.
//
// heirloom demo plays the examples, heirloom run is a job runner built on task
// and ctxvar, and heirloom help lists the other commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
)

func main() {
	failClosed()
	if len(os.Args) > 1 && (os.Args[1] == "run" || os.Args[1] == "worker") {
		outside = make(chan chan os.Signal)
		endAtSignals()
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program. It reports a failure in one line on stderr, and returns the
// exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	keepBrokenPipes()
	out := &checkedWriter{w: stdout}
	root := newRoot()
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for os.Args
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(stderr)

	err := root.ExecuteContext(context.Background())
	if out.err != nil && (err == nil || !strings.Contains(err.Error(), out.err.Error())) {
		// cobra prints help and completion scripts, and does not check for errors. The
		// output of jobs has its own checks.
		err = errors.Join(err, out.err)
	}
	if err == nil {
		return 0
	}
	if line := err.Error(); line != "" {
		fmt.Fprintln(stderr, "heirloom:", display.Line(strings.ReplaceAll(line, "\n", "; ")))
	}
	return exitCode(err)
}
