package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/watch"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

type topFlags struct {
	viewFlags
	interval time.Duration
	count    int
	asJSON   bool
}

func newTop() *cobra.Command {
	f := new(topFlags)
	c := &cobra.Command{
		Use:   "top PID | address",
		Short: "Watch the live tasks of a running program",
		Long: `Top shows the live tasks of a program that serves its live view (see package
task/taskhttp), as ps does, until it is interrupted. On a terminal it scrolls, sorts,
searches and shows stacks by keys, which ? lists. Elsewhere, it prints one snapshot
after the other; with --json, each is a line with the JSON of ps --json.

When the program cannot be reached any more, top says so and tries again, unless it
was given by a process id and has ended.
` + viewHelp,
		Example: `  heirloom top 4711
  heirloom top localhost:8080 --sort age --match waiting
  heirloom top localhost:8080 --count 3 > tasks.txt
  heirloom top localhost:8080 --json | jq '.tasks | length'`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which program? %s takes its process id, which heirloom ps lists, or its address, as localhost:8080", c.CommandPath())
			}
			return atMost(1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.declare(c)
	c.Flags().DurationVarP(&f.interval, "interval", "i", time.Second, "time between two snapshots")
	c.Flags().IntVarP(&f.count, "count", "n", 0, "how many snapshots to print; 0 for no limit")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print JSON, a line for each snapshot")
	return c
}

func (f *topFlags) run(c *cobra.Command, arg string) error {
	switch {
	case f.interval < 10*time.Millisecond:
		return usagef("--interval %v is too short; give at least 10ms", f.interval)
	case f.count < 0:
		return usagef("--count %d is negative; give the number of snapshots, or 0 for no limit", f.count)
	}
	client, target, err := f.open(arg)
	if err != nil {
		return err
	}
	defer client.Close()
	out := c.OutOrStdout()
	if err := mustPrint(out); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if terminal := terminalOf(out); terminal != nil && !f.asJSON && os.Getenv("TERM") != "dumb" {
		return f.watch(ctx, client, target, terminal, c.InOrStdin())
	}
	say := func(text string) { fmt.Fprintf(c.ErrOrStderr(), "heirloom: %s\n", display.Line(text)) }
	return snapshots(ctx, f.count, f.interval, say, func(ctx context.Context, n int) error {
		view, text, err := client.View(ctx, f.query)
		switch {
		case err != nil:
			return &unreachedError{err}
		case f.asJSON:
			return writeLine(out, text)
		case n > 1:
			_, err = io.WriteString(out, "\n")
		}
		if err != nil {
			return err
		}
		return f.describe(out, view, target.Name)
	})
}

// watch shows the tasks on a terminal.
func (f *topFlags) watch(ctx context.Context, client *remote.Client, target remote.Target, out *os.File, stdin io.Reader) error {
	t := &terminal{out: out, painter: &watch.Painter{Out: out, Colour: coloursWelcome()}}
	if in, ok := stdin.(*os.File); ok && isTerminal(in) {
		t.in = in
	}
	if err := t.begin(); err != nil {
		return err
	}
	defer t.end()
	changed, quiet := t.changes()
	defer quiet()
	return watch.Run(ctx, &watch.Model{Name: target.Name, Query: f.query}, watch.Options{
		Interval: f.interval,
		Count:    f.count,
		Keys:     t.keys(ctx),
		Changed:  changed,
		Size:     t.size,
		Suspend:  t.suspend,
		Painter:  t.painter,
		Fetch: func(ctx context.Context, r watch.Request) (a watch.Answer, err error) {
			if r.Stack != 0 {
				text, err := client.Stack(ctx, r.Stack, "text")
				return watch.Answer{Stack: string(text)}, err
			}
			a.View, _, err = client.View(ctx, r.Query)
			return a, err
		},
	})
}

// An unreachedError is the error of a program that did not answer, but may later.
type unreachedError struct{ error }

func (e *unreachedError) Unwrap() error { return e.error }

// snapshots calls show count times or, if count is 0, until ctx is done. n counts the
// successful calls, from 1. When the program can't be reached any more, snapshots says
// so and tries again.
func snapshots(ctx context.Context, count int, interval time.Duration, say func(string), show func(ctx context.Context, n int) error) error {
	lost := false
	for n := 1; ; {
		err := show(ctx, n)
		if ctx.Err() != nil {
			return nil // interrupted, which is top's normal end
		}
		unreached, gone := new(unreachedError), new(remote.GoneError)
		switch {
		case err == nil:
			if lost {
				say("connected again")
			}
			lost = false
			n++
		case n == 1, !errors.As(err, &unreached), errors.As(err, &gone):
			return err
		case !lost:
			say(err.Error() + "; trying again")
			lost = true
		}
		if n-1 == count && count > 0 || task.Sleep(ctx, interval) != nil {
			return nil
		}
	}
}

// writeLine writes text, which is JSON, as one line.
func writeLine(out io.Writer, text []byte) error {
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil {
		return err
	}
	line.WriteByte('\n')
	_, err := out.Write(display.JSON(line.Bytes()))
	return err
}

// shownFinished is how many of the tasks that ended last are shown.
const shownFinished = 5

// describe writes the view as lines of text.
func (f *topFlags) describe(w io.Writer, view taskhttp.View, name string) error {
	var b bytes.Buffer // never fails
	fmt.Fprintf(&b, "%s\n\n", watch.Counts(name, view))
	if f.flat() {
		_ = writeFlat(&b, view)
	} else {
		_ = view.Write(&b)
	}
	if n := len(view.Finished); n > 0 {
		b.WriteString("\nended last:\n")
		for _, t := range view.Finished[max(0, n-shownFinished):] {
			fmt.Fprintf(&b, "  %s\n", watch.Ended(t))
		}
	}
	_, err := b.WriteTo(w)
	return err
}

// terminalOf returns w as a terminal, or nil.
func terminalOf(w io.Writer) *os.File {
	if c, is := w.(*checkedWriter); is {
		w = c.w
	}
	if f, is := w.(*os.File); is && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}
