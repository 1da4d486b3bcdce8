package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

func newTop() *cobra.Command {
	var (
		interval time.Duration
		count    int
		asJSON   bool
	)
	c := &cobra.Command{
		Use:   "top address",
		Short: "Watch the live tasks of a running program",
		Long: `Top shows the live tasks of a program that serves its live view (see package
task/taskhttp), as ps does, again and again until it is interrupted: as one page
on a terminal, and otherwise one picture after the other. With --json each is a
line, of what ps --json prints.`,
		Example: `  heirloom top localhost:8080
  heirloom top localhost:8080 --interval 200ms
  heirloom top localhost:8080 --count 3 > tasks.txt
  heirloom top localhost:8080 --json | jq '.tasks | length'`,
		Args: oneTarget,
		RunE: func(c *cobra.Command, args []string) error {
			target, err := parseTarget(args[0])
			if err != nil {
				return err
			}
			switch {
			case interval < 10*time.Millisecond:
				return usagef("--interval %v is too short; give at least 10ms", interval)
			case count < 0:
				return usagef("--count %d is negative; give how many pictures to show, or 0 for no end", count)
			}
			out := c.OutOrStdout()
			if err := mustPrint(out); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			client := new(remote.Client)
			defer client.Close()
			return top(ctx, count, interval, func(ctx context.Context, n int) error {
				view, text, err := client.View(ctx, target)
				switch {
				case err != nil:
					return err
				case asJSON:
					return writeLine(out, text)
				default:
					return writePicture(out, describe(view, target.Name), n)
				}
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().DurationVarP(&interval, "interval", "i", time.Second, "time between two pictures")
	c.Flags().IntVarP(&count, "count", "n", 0, "how many pictures to show; 0 is no end")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, a line for each picture")
	return c
}

// top calls show count times, or, with 0, until ctx is done. n counts the calls
// from 1.
func top(ctx context.Context, count int, interval time.Duration, show func(ctx context.Context, n int) error) error {
	for n := 1; ; n++ {
		err := show(ctx, n)
		if ctx.Err() != nil {
			return nil // interrupted: that is how top ends
		}
		if err != nil {
			return err
		}
		if n == count || task.Sleep(ctx, interval) != nil {
			return nil
		}
	}
}

// writePicture writes the nth picture, in place of the one before if that can be.
func writePicture(out io.Writer, picture string, n int) error {
	if width, height, ok := terminalSize(out); ok {
		// Home, the picture with the rest of each line cleared, and the rest of
		// the screen cleared: nothing flickers.
		picture = "\x1b[H" + strings.ReplaceAll(fit(picture, width, height-1), "\n", "\x1b[K\n") + "\x1b[J"
		if n == 1 {
			picture = "\x1b[2J" + picture
		}
	} else if n > 1 {
		picture = "\n" + picture
	}
	_, err := io.WriteString(out, picture)
	return err
}

// writeLine writes text, which is JSON, as one line.
func writeLine(out io.Writer, text []byte) error {
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil {
		return err
	}
	line.WriteByte('\n')
	_, err := out.Write(line.Bytes())
	return err
}

// shownFinished is how many of the tasks that ended last are shown.
const shownFinished = 5

// describe returns the picture of view, as lines.
func describe(view taskhttp.View, name string) string {
	var b bytes.Buffer
	states := map[task.State]int{}
	for _, t := range view.Tasks {
		states[t.State]++
	}
	fmt.Fprintf(&b, "%s  %s  %d live (%d running, %d waiting), %d ended\n\n", name, view.Time.Format(time.TimeOnly),
		len(view.Tasks)+view.Omitted, states[task.Running], states[task.Waiting], view.Ended)
	_ = view.Write(&b) // a Buffer takes all
	if n := len(view.Finished); n > 0 {
		b.WriteString("\nended last:\n")
		for _, f := range view.Finished[max(0, n-shownFinished):] {
			fmt.Fprintf(&b, "  %s #%d  %s after %v", harmless(f.Name), f.ID, f.State, f.Ended.Sub(f.Started).Round(time.Millisecond))
			if f.Error != "" {
				first, _, _ := strings.Cut(f.Error, "\n")
				b.WriteString(": " + harmless(first))
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// harmless returns s, quoted if it has characters that would do something to a
// terminal: the text is another program's.
func harmless(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// fit cuts text to a width and a number of lines.
func fit(text string, width, height int) string {
	lines := strings.SplitAfter(text, "\n")
	if len(lines) > height {
		lines = append(lines[:max(0, height-1)], "…\n")
	}
	for i, line := range lines {
		line, end := strings.CutSuffix(line, "\n")
		if end && utf8.RuneCountInString(line) > width {
			lines[i] = string([]rune(line)[:max(0, width-1)]) + "…\n"
		}
	}
	return strings.Join(lines, "")
}

// terminalSize returns the size of the terminal that w is, if it is one.
func terminalSize(w io.Writer) (width, height int, ok bool) {
	if c, is := w.(*checkedWriter); is {
		w = c.w
	}
	f, is := w.(*os.File)
	if !is || !term.IsTerminal(int(f.Fd())) {
		return 0, 0, false
	}
	width, height, err := term.GetSize(int(f.Fd()))
	return width, height, err == nil
}
