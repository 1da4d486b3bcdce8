package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

func newPS() *cobra.Command {
	var asJSON, flat bool
	var hub hubFlags
	c := &cobra.Command{
		Use:   "ps address | ps --on URL",
		Short: "Print the live tasks of a running program, or what workers run",
		Long: `Ps prints the live tasks of a program that serves its live view (see package
task/taskhttp): name, ID, state, age, what each waits for, and the variables that
the program chooses to show. The address is host:port, :port, or a URL.

With --on, it prints the workers of a hub (see heirloom worker) and what they run.`,
		Example: `  heirloom ps localhost:8080
  heirloom ps :8080 --flat
  heirloom ps https://example.com/internal/tasks --json
  heirloom ps --on nats://localhost:4222`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case hub.on == "":
				return oneTarget(c, args)
			case flat:
				return usagef("--flat is for the tasks of a program, and not with --on")
			}
			return atMost(0)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := hub.check(c); err != nil {
				return err
			}
			if hub.on != "" {
				return psWorkers(c, &hub.Hub, asJSON)
			}
			target, err := parseTarget(args[0])
			if err != nil {
				return err
			}
			out := c.OutOrStdout()
			if err := mustPrint(out); err != nil {
				return err
			}
			client := new(remote.Client)
			defer client.Close()
			view, text, err := client.View(c.Context(), target)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				_, err = fmt.Fprintf(out, "%s\n", text)
			case flat:
				err = writeFlat(out, view)
			default:
				err = view.Write(out)
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: the live tasks, and those that ended last")
	c.Flags().BoolVar(&flat, "flat", false, "print a table, the oldest first, instead of a tree")
	hub.declare(c, "print the workers of the hub with this `URL`, as nats://localhost:4222")
	c.MarkFlagsMutuallyExclusive("json", "flat")
	return c
}

// oneTarget checks that there is one argument.
func oneTarget(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("which program? %s takes its address, as localhost:8080", c.CommandPath())
	}
	return atMost(1)(c, args)
}

func parseTarget(addr string) (remote.Target, error) {
	target, err := remote.Parse(addr)
	if err != nil {
		return target, usagef("address %q: %w; give host:port, as localhost:8080, or a URL", addr, err)
	}
	return target, nil
}

func writeFlat(w io.Writer, view taskhttp.View) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tPARENT\tSTATE\tAGE\tNAME\tWAITING FOR")
	for _, t := range view.Tasks {
		fmt.Fprintf(table, "%d\t%d\t%s\t%v\t%s\t%s\n", t.ID, t.Parent, t.State,
			view.Time.Sub(t.Started).Round(time.Millisecond), harmless(t.Name), harmless(t.Waiting))
	}
	return table.Flush()
}
