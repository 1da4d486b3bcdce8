package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/machines"
)

const workerLong = `Worker runs the commands of heirloom run --on, from any machine that reaches the
same hub: heirloom-hub, or another NATS server with JetStream.

Everybody who has the hub's token can run any command here, as the user that the
worker runs as. With --templates, a worker runs only the commands in a file of its
own, and takes only their values from others, quoted as data:

  resize = 'convert {1} -resize {2} {1.}-{2}.png'
  index  = 'updatedb'

A run asks for one of them with heirloom run --on … --template resize ::: a.png.

Commands have the environment of the worker, and the variables that the run sets (-e,
env). They run in the worker's folder (--dir); a job's relative dir starts from there.
Files are not copied from or to the run's machine: share a file system, or have the
commands fetch what they need.

At the first Ctrl-C or SIGTERM, the worker takes no more commands, and ends when the
running ones have ended. At the second it kills them, and the hub gives them to
another worker. The hub also does that when a machine is lost. So a command may run
twice, and must allow that. A worker that is killed with SIGKILL cannot end its
commands; a service manager can (systemd does).`

func newWorker() *cobra.Command {
	f := new(workerFlags)
	c := &cobra.Command{
		Use:   "worker --on URL",
		Short: "Run the commands of heirloom run --on from other machines",
		Long:  workerLong,
		Example: `  heirloom worker --on nats://localhost:4222
  heirloom worker --on nats://hub.example.com:4222 -j 8 --dir /srv/data
  heirloom worker --on tls://hub.example.com:4222 --templates allowed.toml`,
		Args:              atMost(0),
		RunE:              func(c *cobra.Command, _ []string) error { return f.run(c) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f.hub.declare(c, "the hub's `URL`, as nats://localhost:4222")
	flags := c.Flags()
	f.limit = atOnce(runtime.NumCPU())
	flags.VarP(&f.limit, "jobs", "j", "how many to run at once (of each template, if there are any): a number, a share of the processors (50%), or more than there are processors (+1)")
	flags.StringVar(&f.name, "name", "", "the worker's name in results (the machine's name and the process ID)")
	flags.StringVar(&f.templates, "templates", "", "run only commands that are in this TOML `file`")
	flags.StringVar(&f.dir, "dir", "", "the `folder` to run commands in (the current one)")
	flags.StringVar(&f.shell, "shell", "", "the shell, instead of sh (cmd.exe on Windows), and its arguments")
	flags.DurationVar(&f.lease, "lease", 0, "how long a worker may be silent before it counts as lost, if this is the namespace's first worker (30s)")
	return c
}

type workerFlags struct {
	hub       hubFlags
	limit     atOnce
	name      string
	templates string
	dir       string
	shell     string
	lease     time.Duration
}

func (f *workerFlags) run(c *cobra.Command) error {
	w, err := f.worker(c)
	if err != nil {
		return err
	}
	stderr := c.ErrOrStderr()
	say := func(text string) { fmt.Fprintln(stderr, "heirloom:", display.Line(text)) }
	f.hub.Say = say
	stop := newStopper(c.Context(), say, stopTexts{
		first:  "taking no more, and waiting for what runs; once more to leave that to other workers",
		second: "killing what runs",
	}, false)
	defer stop.end()
	w.Hurry = stop.hurry
	err = w.Serve(stop.ctx, &f.hub.Hub, func() {
		what := "any command"
		if w.Templates != nil {
			var names []string
			for name := range w.Templates {
				names = append(names, name)
			}
			slices.Sort(names)
			what = "only " + strings.Join(names, ", ")
		}
		say(fmt.Sprintf("worker %s runs %s, %d at once", w.Name, what, w.AtOnce))
	})
	if err != nil {
		return err
	}
	if by, ok := context.Cause(stop.ctx).(*jobs.Interrupted); ok {
		return &runError{by.Error(), by.ExitCode()}
	}
	return nil
}

// worker makes a worker from the flags.
func (f *workerFlags) worker(c *cobra.Command) (*machines.Worker, error) {
	if f.hub.on == "" {
		return nil, usagef("which hub? --on takes its URL, as nats://localhost:4222")
	}
	if err := f.hub.check(c); err != nil {
		return nil, err
	}
	switch {
	case f.limit < 1:
		return nil, usagef("--jobs must be at least 1")
	case f.lease < 0:
		return nil, usagef("--lease cannot be negative")
	}
	w := &machines.Worker{Name: f.name, AtOnce: int(f.limit), Lease: f.lease}
	var err error
	if w.Shell, err = findShell(f.shell); err != nil {
		return nil, &usageError{err}
	}
	if w.Dir, err = filepath.Abs(f.dir); err != nil {
		return nil, &usageError{err}
	}
	if info, err := os.Stat(w.Dir); err != nil || !info.IsDir() {
		return nil, usagef("--dir: %s is not a folder", f.dir)
	}
	if f.templates == "" {
		return w, nil
	}
	text, err := os.ReadFile(f.templates)
	if err != nil {
		return nil, &usageError{err}
	}
	commands := map[string]string{}
	if err := toml.Unmarshal(text, &commands); err != nil {
		return nil, usagef("%s: %s", f.templates, strings.TrimPrefix(err.Error(), "toml: "))
	}
	if w.Templates, err = machines.ParseTemplates(commands, w.Shell); err != nil {
		return nil, usagef("%s: %w", f.templates, err)
	}
	return w, nil
}
