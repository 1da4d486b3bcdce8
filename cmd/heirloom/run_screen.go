package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A screen is all that a run prints.
type screen struct {
	flags          *runFlags
	stdout, stderr io.Writer
	onTerminal     bool         // whether stderr is one
	bar            *progressBar // nil if there is none
	messages       io.Writer    // what is printed on stderr while jobs run
	output         jobs.Output
	progress       func(jobs.Counts)
}

func (f *runFlags) newScreen(stdout, stderr io.Writer) *screen {
	s := &screen{flags: f, stdout: stdout, stderr: stderr, onTerminal: isTerminal(stderr), messages: stderr}
	out := stdout
	if c, ok := stdout.(*checkedWriter); ok {
		out = c.w // the output of jobs has checks of its own
	}
	outOnTerminal := isTerminal(out)
	if s.onTerminal && !f.quiet && !f.dryRun && f.output != "direct" {
		s.bar = newProgressBar(stderr)
	}
	if s.bar != nil {
		s.progress = s.bar.set
		s.messages = s.bar
		if outOnTerminal {
			out = s.bar
		}
	}
	mode := f.output
	if mode != "lines" && f.limit == 1 && s.bar == nil {
		mode = "direct" // what only one writes is whole, and in order
	}
	switch {
	case f.asJSON:
		s.output = jobs.JSON(out)
	case mode == "ordered":
		s.output = jobs.Ordered(out, s.messages, outOnTerminal)
	case mode == "lines":
		coloured := f.colour == "always" || f.colour == "auto" && outOnTerminal && coloursWelcome()
		s.output = jobs.Prefixed(out, s.messages, coloured)
	case mode == "direct":
		s.output = jobs.Direct(out, s.messages)
	default:
		s.output = jobs.Whole(out, s.messages, outOnTerminal)
	}
	return s
}

// coloursWelcome follows no-color.org, and what terminals tell of themselves.
func coloursWelcome() bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// explain prints what would be run.
func (s *screen) explain(r *jobs.Result) error {
	if s.flags.asJSON {
		return printJSON(s.stdout, struct {
			Number  int    `json:"number"`
			Job     string `json:"job"`
			Command string `json:"command"`
		}{r.Number, r.Job, r.Command})
	}
	_, err := fmt.Fprintln(s.stdout, r.Command)
	return err
}

// say tells something while jobs run.
func (s *screen) say(what string) {
	start := ""
	if s.bar != nil {
		// A terminal shows ^C where the cursor is, and leaves it behind that, where
		// the bar's removal then begins.
		start = "\r\x1b[K"
	}
	fmt.Fprintf(s.messages, "%sheirloom: %s\n", start, what)
}

// end takes the bar away and prints the summary.
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

// printSummary prints a table of all jobs, if all is true and they are few, or
// else of those that did not succeed, and how many there were of each kind.
func printSummary(w io.Writer, sum *jobs.Summary, all bool) error {
	rows := sum.Bad
	if all && sum.Ended() <= jobs.MaxResults {
		rows = sum.First
	}
	if len(rows) > 0 {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "STATE\tTIME\tTRIES\tJOB\tWHY")
		for _, r := range rows {
			took, tries := "", ""
			if r.Attempts > 0 {
				took, tries = seconds(time.Duration(r.Seconds*float64(time.Second))), fmt.Sprint(r.Attempts)
			}
			why := r.Why()
			if why == string(r.State) {
				why = ""
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.State, took, tries, oneLine(r.Job), oneLine(why))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if bad := sum.Failed + sum.TimedOut + sum.Canceled + sum.Skipped; len(rows) < bad {
			fmt.Fprintf(w, "and %d more; --log FILE keeps them all\n", bad-len(rows))
		}
	}
	_, err := fmt.Fprintf(w, "%s in %s: %s\n", count(sum), seconds(sum.Elapsed), kinds(sum.Counts))
	return err
}

// kinds tells how many there are of each kind that there are any of.
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

// maxCell bounds a cell of the table.
const maxCell = 60

// oneLine keeps a command of several lines, or a long one, from tearing a table.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxCell {
		s = string(r[:maxCell-1]) + "…"
	}
	return s
}
