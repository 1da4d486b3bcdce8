package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/exact"
)

func newExact() *cobra.Command {
	var env, asJSON, patch bool
	c := &cobra.Command{
		Use:   "exact [flags] go build|test|run|install ...",
		Short: "Build with a slot in each goroutine for variables alone",
		Long: `Exact runs the go command so that what it builds is in exact mode: each goroutine
has a slot for Heirloom's variables alone, and what a program does with profiler
labels can neither give nor take them.

For that, three lines are added to the runtime. They are made each time from the Go
distribution that go.mod and GOTOOLCHAIN choose, and given to the go command as an
overlay, in GOFLAGS; nothing is installed, and the distribution stays as it is. A
release of Go whose runtime differs from the known ones is refused.

Arguments are passed on unchanged, except -overlay and -tags: yours are merged with
those of the exact mode. The exit code is that of the go command.

A command that runs go itself, such as dlv or goreleaser, can take its place. --env
prints what such a command needs in its environment: GOROOT, GOTOOLCHAIN, GOFLAGS
and PATH. With --patch, the change to the distribution is
printed for patch -p1, for build systems that can't use an overlay.`,
		Example: `  heirloom exact go test -race ./...
  heirloom exact go build -o service ./cmd/service
  heirloom exact dlv test ./store
  eval "$(heirloom exact --env)"`,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case !env && asJSON:
				return usagef("--json is for --env")
			case (env || patch) && len(args) > 0:
				return usagef("unexpected argument %q; with --env or --patch, %s runs no command", args[0], c.CommandPath())
			case patch:
				return printPatch(c)
			case env:
				p, err := prepareExact(c, nil)
				if err != nil {
					return err
				}
				return p.print(c.OutOrStdout(), asJSON)
			case len(args) == 0:
				return usagef("which command? For example: heirloom exact go build ./...")
			case slices.Contains([]string{"build", "test", "run", "install"}, args[0]):
				return usagef("the go command is missing: heirloom exact go %s", strings.Join(args, " "))
			}
			p, err := prepareExact(c, args)
			if err != nil {
				return err
			}
			return p.run()
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			switch {
			case len(args) == 0:
				return []cobra.Completion{"go"}, cobra.ShellCompDirectiveDefault
			case len(args) == 1 && exact.IsGo(args[0]):
				return []cobra.Completion{"build", "install", "list", "run", "test", "vet"}, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	flags := c.Flags()
	flags.SetInterspersed(false) // flags after the command belong to the command
	flags.BoolVar(&env, "env", false, "print environment variables, for a shell to read")
	flags.BoolVar(&asJSON, "json", false, "print them as a JSON object")
	flags.BoolVar(&patch, "patch", false, "print the change to the Go distribution as a patch")
	c.MarkFlagsMutuallyExclusive("env", "patch")
	return c
}

// An exactRun is a command, with an environment that makes it build in exact mode.
type exactRun struct {
	path string   // of the program
	args []string // with its name
	env  []string // NAME=value, the variables to set
}

// prepareExact makes the overlay, for a command or without one.
func prepareExact(c *cobra.Command, command []string) (*exactRun, error) {
	goCommand, isGo := "go", false
	if len(command) > 0 && exact.IsGo(command[0]) {
		goCommand, isGo = command[0], true
	}
	args := exact.ParseArgs(nil)
	if isGo {
		args = exact.ParseArgs(command[1:])
	}
	d, err := findDistribution(c, goCommand, args.Dir())
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("no folder for the overlay: %w", err)
	}
	root := d.Root
	newArgs, goflags, err := args.Merge(d.Flags, func(userOverlay string) (string, error) {
		build, err := d.Prepare(cache, userOverlay, args.Dir())
		if err != nil {
			return "", err
		}
		root = build.Root
		return build.Overlay, nil
	})
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(root, "bin")
	r := &exactRun{env: []string{
		"GOROOT=" + root,
		"GOTOOLCHAIN=local", // the overlay does not fit another one
		"GOFLAGS=" + goflags,
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"),
	}}
	switch {
	case isGo:
		r.path = filepath.Join(bin, "go")
		if runtime.GOOS == "windows" {
			r.path += ".exe"
		}
		r.args = append([]string{"go"}, newArgs...)
	case len(command) > 0:
		if r.path, err = exec.LookPath(command[0]); err != nil {
			return nil, err
		}
		r.args = command
	}
	return r, nil
}

func findDistribution(c *cobra.Command, goCommand, dir string) (*exact.Distribution, error) {
	d, err := exact.Find(c.Context(), goCommand, dir)
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("there is no go command on PATH, and it takes a Go distribution to build: %w", err)
	}
	return d, err
}

// run replaces this program by the command. It returns only if that fails.
func (r *exactRun) run() error {
	env := os.Environ()
	for _, variable := range r.env {
		name, _, _ := strings.Cut(variable, "=")
		env = slices.DeleteFunc(env, func(v string) bool {
			n, _, _ := strings.Cut(v, "=")
			return n == name || runtime.GOOS == "windows" && strings.EqualFold(n, name)
		})
		env = append(env, variable)
	}
	return become(r.path, r.args, env)
}

// print writes the environment as commands of the system's shell, or as JSON.
func (r *exactRun) print(out io.Writer, asJSON bool) error {
	if asJSON {
		vars := make(map[string]string)
		for _, variable := range r.env {
			name, value, _ := strings.Cut(variable, "=")
			vars[name] = value
		}
		text, err := json.MarshalIndent(vars, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", text)
		return err
	}
	for _, variable := range r.env {
		name, value, _ := strings.Cut(variable, "=")
		line := fmt.Sprintf("export %s='%s'", name, strings.ReplaceAll(value, "'", `'\''`))
		if runtime.GOOS == "windows" {
			line = "set " + variable
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

func printPatch(c *cobra.Command) error {
	d, err := findDistribution(c, "go", "")
	if err != nil {
		return err
	}
	return d.Patch(c.OutOrStdout())
}
