package main

import (
	"bytes"
	"context"
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
	)
	c := &cobra.Command{
		Use:   "top address",
		Short: "Watch the live tasks of a running program",
		Long: `Top shows the live tasks of a program that serves its live view (see package
task/taskhttp), as ps does, again and again until it is interrupted: as one page
on a terminal, and otherwise one picture after the other.`,
		Example: `  heirloom top localhost:8080
  heirloom top localhost:8080 --interval 200ms
  heirloom top localhost:8080 --count 3 > tasks.txt`,
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
			return top(ctx, out, count, interval, func(ctx context.Context) (taskhttp.View, error) {
				view, _, err := client.View(ctx, target)
				return view, err
			}, target.Name)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().DurationVarP(&interval, "interval", "i", time.Second, "time between two pictures")
	c.Flags().IntVarP(&count, "count", "n", 0, "how many pictures to show; 0 is no end")
	return c
}

// top shows count pictures, or, with 0, shows them until ctx is done.
func top(ctx context.Context, out io.Writer, count int, interval time.Duration,
	look func(context.Context) (taskhttp.View, error), name string) error {
	for n := 1; ; n++ {
		view, err := look(ctx)
		if ctx.Err() != nil {
			return nil // interrupted: that is how top ends
		}
		if err != nil {
			return err
		}
		picture := describe(view, name)
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
		if _, err := io.WriteString(out, picture); err != nil {
			return err
		}
		if n == count || task.Sleep(ctx, interval) != nil {
			return nil
		}
	}
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
