package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A screen prints everything that a run prints.
type screen struct {
	flags          *runFlags
	stdout, stderr io.Writer
	onTerminal     bool         // whether stderr is a terminal
	outOnTerminal  bool         // whether stdout is
	bar            *progressBar // nil if there is none
	messages       io.Writer    // stderr while jobs run
	out            io.Writer    // stdout while jobs run
	output         jobs.Output
	progress       func(jobs.Counts)
}

func (f *runFlags) newScreen(stdout, stderr io.Writer) *screen {
	s := &screen{flags: f, stdout: stdout, stderr: stderr, onTerminal: isTerminal(stderr), messages: stderr}
	out := stdout
	if c, ok := stdout.(*checkedWriter); ok {
		out = c.w // the output of jobs has its own checks
	}
	outOnTerminal := isTerminal(out)
	s.outOnTerminal = outOnTerminal
	direct := f.output == "direct" || f.tty
	if s.onTerminal && !f.quiet && !f.dryRun && !direct {
		s.bar = newProgressBar(stderr)
	}
	if s.bar != nil {
		s.progress = s.bar.set
		s.messages = s.bar
		if outOnTerminal {
			out = s.bar
		}
	}
	s.out = out
	mode := f.output
	if direct || mode != "lines" && !f.tagged() && f.limit == 1 && s.bar == nil && f.results == "" && f.hub.on == "" {
		mode = "direct" // the output of a single writer is whole, and in order
	}
	coloured := f.colour == "always" || f.colour == "auto" && outOnTerminal && coloursWelcome()
	switch {
	case f.asJSON:
		s.output = jobs.JSON(out)
	case mode == "ordered":
		s.output = jobs.Ordered(out, s.messages, outOnTerminal)
	case mode == "lines":
		s.output = jobs.Prefixed(out, s.messages, coloured)
	case mode == "direct":
		s.output = jobs.Direct(out, s.messages)
	default:
		s.output = jobs.Whole(out, s.messages, outOnTerminal)
	}
	if f.tagged() {
		jobs.TagLines(s.output, coloured)
	}
	return s
}

// begin shows the progress bar. It is called when nothing can fail any more before jobs
// run.
func (s *screen) begin() {
	if s.bar != nil {
		s.bar.begin()
	}
}

// coloursWelcome follows no-color.org, and the variables that describe the terminal.
func coloursWelcome() bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// explain prints what would be run.
func (s *screen) explain(r *jobs.Result) error {
	if s.flags.asJSON {
		return r.WriteCommand(s.stdout)
	}
	command := r.Command
	if s.outOnTerminal {
		command = display.Lines(command)
	}
	_, err := fmt.Fprintln(s.stdout, command)
	return err
}

// say prints a message while jobs run.
func (s *screen) say(what string) {
	start := ""
	if s.bar != nil {
		// A terminal shows ^C at the cursor, and leaves the cursor behind it. The removal
		// of the bar would begin there.
		start = "\r\x1b[K"
	}
	fmt.Fprintf(s.messages, "%sheirloom: %s\n", start, display.Line(what))
}

// end removes the bar and prints the summary.
func (s *screen) end(sum *jobs.Summary) error {
	if s.bar != nil {
		s.bar.end()
	}
	if s.flags.dryRun {
		return nil
	}
	if s.flags.asJSON {
		type summary struct {
			jobs.Counts
			Seconds float64 `json:"seconds"`
		}
		return printJSON(s.stdout, struct {
			Summary summary `json:"summary"`
		}{summary{sum.Counts, sum.Elapsed.Seconds()}})
	}
	full := s.flags.summary == "always" || s.flags.summary == "auto" && s.onTerminal
	if s.flags.quiet || s.flags.summary == "never" || !full && len(sum.Bad) == 0 {
		return nil
	}
	return printSummary(s.stderr, sum, full)
}

// printSummary prints a table of the jobs that did not succeed, or of all jobs if all
// is true and they are few, and how many there were of each kind.
func printSummary(w io.Writer, sum *jobs.Summary, all bool) error {
	rows := sum.Bad
	if all && sum.Ended() <= jobs.MaxResults {
		rows = sum.First
	}
	if len(rows) > 0 {
		table := [][]string{{"STATE", "TIME", "TRIES", "JOB", "WHY"}}
		for _, r := range rows {
			took, tries := "", ""
			if r.Attempts > 0 {
				took, tries = seconds(time.Duration(r.Seconds*float64(time.Second))), fmt.Sprint(r.Attempts)
			}
			why := r.Why()
			if why == string(r.State) {
				why = ""
			}
			table = append(table, []string{string(r.State), took, tries, oneLine(r.Job), oneLine(why)})
		}
		if _, err := io.WriteString(w, align(table)); err != nil {
			return err
		}
		if bad := sum.Failed + sum.TimedOut + sum.Canceled + sum.Skipped; len(rows) < bad {
			fmt.Fprintf(w, "and %d more; --log FILE keeps them all\n", bad-len(rows))
		}
	}
	_, err := fmt.Fprintf(w, "%s in %s: %s\n", count(sum), seconds(sum.Elapsed), kinds(sum.Counts))
	return err
}

// kinds returns the number of jobs of each kind that occurs.
func kinds(c jobs.Counts) string {
	var parts []string
	for _, kind := range []struct {
		n    int
		name string
	}{
		{c.OK, "ok"},
		{c.Failed, "failed"},
		{c.TimedOut, "timed out"},
		{c.Canceled, "canceled"},
		{c.Skipped, "skipped"},
		{c.Resumed, "done before"},
		{c.NotRun, "not run"},
	} {
		if kind.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", kind.n, kind.name))
		}
	}
	if parts == nil {
		return "nothing to run"
	}
	return strings.Join(parts, ", ")
}

func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.2fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// maxCell limits a cell of the table, in columns.
const maxCell = 60

// oneLine makes a command fit into a table: it joins lines, cuts off the end, and
// removes the effects of characters on a terminal.
func oneLine(s string) string {
	if len(s) > 64*maxCell {
		s = s[:64*maxCell]
	}
	return display.Cut(display.Line(strings.Join(strings.Fields(s), " ")), maxCell)
}

// align lays out the cells in columns, by their widths on a terminal.
func align(table [][]string) string {
	last := len(table[0]) - 1
	widths := make([]int, last)
	for _, row := range table {
		for i := range last {
			widths[i] = max(widths[i], display.Width(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range table {
		for i := range last {
			b.WriteString(display.Pad(row[i], widths[i]+2))
		}
		b.WriteString(row[last])
		b.WriteByte('\n')
	}
	return b.String()
}
