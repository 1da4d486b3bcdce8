package main

import (
	"io"

	"github.com/spf13/cobra"
)

// A shell that cobra can write a completion script for.
type completer struct {
	shell, install string
	write          func(root *cobra.Command, w io.Writer) error
}

var completers = []completer{
	{"bash", `source <(heirloom completion bash)`, func(root *cobra.Command, w io.Writer) error {
		return root.GenBashCompletionV2(w, true)
	}},
	{"zsh", `heirloom completion zsh > "${fpath[1]}/_heirloom"`, func(root *cobra.Command, w io.Writer) error {
		return root.GenZshCompletion(w)
	}},
	{"fish", `heirloom completion fish > ~/.config/fish/completions/heirloom.fish`, func(root *cobra.Command, w io.Writer) error {
		return root.GenFishCompletion(w, true)
	}},
	{"powershell", `heirloom completion powershell | Out-String | Invoke-Expression`, func(root *cobra.Command, w io.Writer) error {
		return root.GenPowerShellCompletionWithDesc(w)
	}},
}

// newCompletion returns one command for all shells. It replaces cobra's command, which
// has a subcommand for each shell and treats an unknown one as a request for help.
func newCompletion() *cobra.Command {
	c := &cobra.Command{
		Use:   "completion <shell>",
		Short: "Print a script that teaches a shell to complete heirloom's arguments",
		Long:  "Completion prints a script for bash, zsh, fish or powershell.",
		Args:  atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which shell? bash, zsh, fish or powershell")
			}
			var shells []string
			for _, s := range completers {
				if s.shell == args[0] {
					return s.write(c.Root(), c.OutOrStdout())
				}
				shells = append(shells, s.shell)
			}
			return unknown("shell", args[0], shells, "it can be bash, zsh, fish or powershell")
		},
	}
	for i, s := range completers {
		if i > 0 {
			c.Example += "\n"
		}
		c.Example += "  " + s.install
		c.ValidArgs = append(c.ValidArgs, s.shell)
	}
	return c
}
