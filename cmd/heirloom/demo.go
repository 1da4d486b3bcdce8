package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/demo"
)

func newDemo() *cobra.Command {
	var list, source, asJSON bool
	c := &cobra.Command{
		Use:   "demo [name]",
		Short: "Play an example: two tasks with their own variables, or the one named",
		Long: `Demo plays an example of what context variables do, which prints what the same
example prints in Python. Without a name it plays "` + demo.Default + `".`,
		Example: `  heirloom demo
  heirloom demo --list
  heirloom demo leak
  heirloom demo leak --source`,
		Args: atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			out := c.OutOrStdout()
			if err := mustPrint(out); err != nil {
				return err
			}
			if list {
				if source {
					return usagef("--list and --source exclude each other")
				}
				if len(args) > 0 {
					return usagef("unexpected argument %q; heirloom demo --list takes none", args[0])
				}
				return listScenes(out, asJSON)
			}
			name := demo.Default
			if len(args) > 0 {
				name = args[0]
			}
			scene, ok := demo.Find(name)
			if !ok {
				return unknown("demo", name, sceneNames(), "heirloom demo --list lists them")
			}
			if source {
				return printSource(out, scene, asJSON)
			}
			return play(c.Context(), out, scene, asJSON)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			if len(args) == 0 {
				for _, s := range demo.Scenes() {
					names = append(names, cobra.CompletionWithDesc(s.Name, s.Title))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVarP(&list, "list", "l", false, "list the examples")
	c.Flags().BoolVarP(&source, "source", "s", false, "print the example's Go source instead of playing it")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func sceneNames() []string {
	var names []string
	for _, s := range demo.Scenes() {
		names = append(names, s.Name)
	}
	return names
}

func listScenes(w io.Writer, asJSON bool) error {
	type entry struct {
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	var entries []entry
	for _, s := range demo.Scenes() {
		entries = append(entries, entry{s.Name, s.Title})
	}
	if asJSON {
		return printJSON(w, entries)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range entries {
		fmt.Fprintf(table, "%s\t%s\n", e.Name, e.Title)
	}
	return table.Flush()
}

func printSource(w io.Writer, s demo.Scene, asJSON bool) error {
	if asJSON {
		return printJSON(w, struct {
			Name   string `json:"name"`
			Source string `json:"source"`
		}{s.Name, string(s.Source())})
	}
	_, err := w.Write(s.Source())
	return err
}

func play(ctx context.Context, w io.Writer, s demo.Scene, asJSON bool) error {
	if !asJSON {
		return s.Play(ctx, w)
	}
	var printed bytes.Buffer
	if err := s.Play(ctx, &printed); err != nil {
		return err
	}
	return printJSON(w, struct {
		Name  string   `json:"name"`
		Title string   `json:"title"`
		Lines []string `json:"lines"`
	}{s.Name, s.Title, strings.Split(strings.TrimSuffix(printed.String(), "\n"), "\n")})
}
