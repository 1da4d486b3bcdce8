package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/machines"
)

// psWorkers prints the workers of a hub and what they run.
func psWorkers(c *cobra.Command, hub *machines.Hub, asJSON bool) error {
	out := c.OutOrStdout()
	if err := mustPrint(out); err != nil {
		return err
	}
	workers, err := hub.Ask(c.Context())
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(out, struct {
			Workers []*machines.Status `json:"workers"`
		}{workers})
	}
	if len(workers) == 0 {
		_, err := fmt.Fprintln(out, "no worker answers")
		return err
	}
	now := time.Now()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WORKER\tRUNS\tAGE\tJOB\tCOMMAND")
	for _, w := range workers {
		what := "any command"
		if len(w.Templates) > 0 {
			what = strings.Join(w.Templates, ", ")
		}
		fmt.Fprintf(table, "%s\t%d of %d\t%v\t\t(%s)\n", oneLine(w.Worker), len(w.Running), w.AtOnce, age(now, w.Started), oneLine(what))
		for _, j := range w.Running {
			fmt.Fprintf(table, "\t\t%v\t%s\t%s\n", age(now, j.Started), oneLine(j.Job), oneLine(j.Command))
		}
	}
	return table.Flush()
}

// age is how long ago a time was, by whichever clock.
func age(now, then time.Time) time.Duration { return max(0, now.Sub(then)).Round(time.Second) }
