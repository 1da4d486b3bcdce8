package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/machines"
)

// hubFlags are the flags of the commands that reach other machines.
type hubFlags struct {
	on string
	machines.Hub
}

func (f *hubFlags) declare(c *cobra.Command, what string) {
	flags := c.Flags()
	flags.StringVar(&f.on, "on", "", what)
	flags.StringVar(&f.Token, "token", "", "the `file` with the hub's token (heirloom/hub.token in the folder for configuration)")
	flags.StringVar(&f.Creds, "creds", "", "a `file` with NATS credentials, for a hub that takes no token")
	flags.StringVar(&f.CA, "ca", "", "the `file` with the hub's certificate (heirloom/hub.pem in that folder, if it is there)")
	flags.BoolVar(&f.Insecure, "insecure", false, "do without TLS beyond this machine: everybody on the network between can then run commands")
	flags.StringVar(&f.Namespace, "namespace", "heirloom-run", "the `name` that a run and its workers share")
}

// check returns what is wrong with the flags themselves. The named flags can also be
// used without a hub.
func (f *hubFlags) check(c *cobra.Command, others ...string) error {
	if f.on == "" {
		for _, name := range []string{"token", "creds", "ca", "insecure", "namespace"} {
			if c.Flags().Changed(name) && !slices.Contains(others, name) {
				return usagef("--%s is for a hub, and --on says which", name)
			}
		}
		return nil
	}
	if f.Token != "" && f.Creds != "" {
		return usagef("--token and --creds exclude each other")
	}
	f.URL = f.on
	if err := f.Check(); err != nil {
		return usagef("--on: %w", err)
	}
	return nil
}
