package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/machines"
)

// psWorkers prints the workers of a hub and what they run.
func psWorkers(c *cobra.Command, hub *machines.Hub, asJSON bool) error {
	out := c.OutOrStdout()
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
	table := [][]string{{"WORKER", "RUNS", "AGE", "JOB", "COMMAND"}}
	for _, w := range workers {
		what := "any command"
		if len(w.Templates) > 0 {
			what = strings.Join(w.Templates, ", ")
		}
		table = append(table, []string{oneLine(w.Worker), fmt.Sprintf("%d of %d", len(w.Running), w.AtOnce),
			display.Age(now.Sub(w.Started)), "", "(" + oneLine(what) + ")"})
		for _, j := range w.Running {
			table = append(table, []string{"", "", display.Age(now.Sub(j.Started)), oneLine(j.Job), oneLine(j.Command)})
		}
	}
	_, err = io.WriteString(out, align(table))
	return err
}
