package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/watch"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

type psFlags struct {
	viewFlags
	hub          hubFlags
	asJSON, list bool
	stack        uint64
}

func newPS() *cobra.Command {
	f := new(psFlags)
	c := &cobra.Command{
		Use:   "ps [PID | address | --on URL]",
		Short: "Print the live tasks of a running program, or what workers run",
		Long: `Ps prints the live tasks of a program that serves its live view (see package
task/taskhttp): name, ID, state, age, what each waits for, and the variables that
the program chooses to show. Without an argument, it lists the programs of this
machine that can be inspected by process id. With --on, it prints the workers of
a hub (see heirloom worker) and what they run.
` + viewHelp,
		Example: `  heirloom ps
  heirloom ps 4711
  heirloom ps localhost:8080 --match 'tenant=acme waiting'
  heirloom ps :8080 --sort age
  heirloom ps 4711 --stack 123
  heirloom ps https://example.com/internal/tasks --token ~/.tasks-token --json
  heirloom ps --on nats://localhost:4222`,
		Args: func(c *cobra.Command, args []string) error {
			if f.hub.on != "" {
				return atMost(0)(c, args)
			}
			return atMost(1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.hub.check(c, "token", "ca"); err != nil {
				return err
			}
			if err := mustPrint(c.OutOrStdout()); err != nil {
				return err
			}
			switch {
			case f.hub.on != "":
				return f.workers(c)
			case len(args) == 0:
				return f.programs(c)
			}
			return f.tasks(c, args[0])
		},
	}
	f.hub.declare(c, "print the workers of the hub with this `URL`, as nats://localhost:4222")
	for name, usage := range map[string]string{
		"token": "send the bearer token that is in `file`; with --on, the hub's token, which is else heirloom/hub.token in the folder for configuration",
		"ca":    "trust the authorities in `file`, in PEM; with --on, for the hub, whose is else heirloom/hub.pem in that folder, if it is there",
	} {
		c.Flags().Lookup(name).Usage = usage
	}
	f.declare(c)
	c.Flags().IntVar(&f.query.Max, "max", 0, "print at most so many tasks (2000)")
	c.Flags().Uint64Var(&f.stack, "stack", 0, "print the stacks of the goroutines of the task with this `ID`")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print JSON: the live tasks, and those that ended last")
	c.Flags().BoolVar(&f.list, "flat", false, "print a table, the oldest first, instead of a tree")
	c.MarkFlagsMutuallyExclusive("json", "flat")
	for _, other := range []string{"match", "sort", "root", "flat", "max"} {
		c.MarkFlagsMutuallyExclusive("stack", other)
	}
	return c
}

// others returns the first given flag that is not among those named, or "".
func others(c *cobra.Command, names ...string) (other string) {
	c.Flags().Visit(func(flag *pflag.Flag) {
		if other == "" && !slices.Contains(names, flag.Name) {
			other = flag.Name
		}
	})
	return other
}

// workers prints the workers of a hub.
func (f *psFlags) workers(c *cobra.Command) error {
	if name := others(c, "on", "token", "creds", "ca", "insecure", "namespace", "json"); name != "" {
		return usagef("--%s is for the tasks of a program, and cannot be used with --on", name)
	}
	return psWorkers(c, &f.hub.Hub, f.asJSON)
}

// programs lists the programs of this machine.
func (f *psFlags) programs(c *cobra.Command) error {
	if name := others(c, "json"); name != "" {
		return usagef("which program is --%s for? %s takes its process id, or its address, as localhost:8080", name, c.CommandPath())
	}
	programs, err := listPrograms(c.Context())
	if err != nil {
		return err
	}
	return f.printPrograms(c.OutOrStdout(), c.ErrOrStderr(), programs)
}

func (f *psFlags) printPrograms(out, notes io.Writer, programs []program) error {
	switch {
	case f.asJSON:
		return printJSON(out, append([]program{}, programs...)) // [] instead of null
	case len(programs) == 0:
		_, err := fmt.Fprintln(notes, "heirloom: no program of yours can be inspected by process id; a program that calls taskhttp.Handler.ListenLocal can")
		return err
	}
	return writePrograms(out, programs, time.Now())
}

// tasks prints the tasks, or one stack, of a program.
func (f *psFlags) tasks(c *cobra.Command, arg string) error {
	if f.query.Max < 0 {
		return usagef("--max %d is negative", f.query.Max)
	}
	f.credentials.TokenFile, f.credentials.CA = f.hub.Token, f.hub.CA
	if f.list && f.query.Sort == "" {
		f.query.Sort = "age"
	}
	client, target, err := f.open(arg)
	if err != nil {
		return err
	}
	defer client.Close()
	out := c.OutOrStdout()
	if f.stack != 0 {
		format := map[bool]string{true: "json", false: "text"}[f.asJSON]
		text, err := client.Stack(c.Context(), f.stack, format)
		if err != nil {
			return fmt.Errorf("task %d of %s: %w", f.stack, target.Name, err)
		}
		if f.asJSON {
			text = append(text, '\n')
		}
		return f.print(out, text)
	}
	view, text, err := client.View(c.Context(), f.query)
	switch {
	case err != nil:
		return err
	case f.query.Root != 0 && f.query.Match == "" && len(view.Tasks) == 0:
		return fmt.Errorf("task %d of %s: %w", f.query.Root, target.Name, remote.ErrNoTask)
	case f.asJSON:
		return f.print(out, append(text, '\n'))
	case len(view.Tasks) == 0:
		_, err := fmt.Fprintf(c.ErrOrStderr(), "heirloom: %s has no live tasks%s\n", target.Name, map[bool]string{true: " that match"}[f.query.Match != ""])
		return err
	case f.flat():
		return writeFlat(out, view)
	}
	return view.Write(out)
}

// print prints text from another program.
func (f *psFlags) print(out io.Writer, text []byte) error {
	shown := []byte(display.Lines(string(text)))
	if f.asJSON {
		shown = display.JSON(text)
	}
	_, err := out.Write(shown)
	return err
}

func writeFlat(w io.Writer, view taskhttp.View) error {
	table := [][]string{{"ID", "PARENT", "STATE", "AGE", "NAME", "WAITING FOR"}}
	for _, t := range view.Tasks {
		table = append(table, []string{
			strconv.FormatUint(t.ID, 10), strconv.FormatUint(t.Parent, 10), t.State.String(), watch.AgeOf(t, view.Time),
			display.Cut(display.Line(t.Name), maxName), display.Line(t.Waiting),
		})
	}
	text := align(table)
	if view.Omitted > 0 {
		text += fmt.Sprintf("… and %d more; --max shows more\n", view.Omitted)
	}
	_, err := io.WriteString(w, text)
	return err
}

// maxName limits a column of names, so that one very long name does not push the other
// columns off the screen.
const maxName = 60
