package main

import (
	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "heirloom",
		Short: "Context variables and tasks for Go: examples to watch, and a job runner",
		Long: `heirloom shows what the Heirloom library does, and is useful by itself: demo
plays its examples, run runs shell commands concurrently, here or on the machines
that worker serves, serve starts two small services, ps and top look into a program
that runs, and exact builds programs whose variables have a slot of their own.`,
		Example: `  heirloom demo
  heirloom run 'gzip -9 {}' ::: *.log
  heirloom run -j 8 < jobs.txt`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknown("command", args[0], commandNames(c), "heirloom help lists them")
		},
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		Version:       readBuild().Version,
		SilenceErrors: true, // run prints them, in one line
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp())
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newCompletion(), newDemo(), newExact(), newPS(), newRun(), newServe(), newTop(), newVersion(), newWorker())
	return root
}

func commandNames(c *cobra.Command) []string {
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return names
}

// newHelp replaces cobra's help command, which does not treat an unknown topic as an
// error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]...",
		Short: "Show help for a command",
		Long:  "Help describes heirloom or one of its commands.",
		RunE: func(c *cobra.Command, args []string) error {
			topic := c.Root()
			for _, arg := range args {
				next := find(topic, arg)
				if next == nil {
					return unknown("command", arg, commandNames(topic), "heirloom help lists them")
				}
				topic = next
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			topic := c.Root()
			for _, arg := range args {
				if topic = find(topic, arg); topic == nil {
					return nil, cobra.ShellCompDirectiveNoFileComp
				}
			}
			var names []cobra.Completion
			for _, sub := range topic.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func find(c *cobra.Command, name string) *cobra.Command {
	for _, sub := range c.Commands() {
		if sub.Name() == name || sub.HasAlias(name) {
			return sub
		}
	}
	return nil
}
