package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
)

// viewFlags are the flags that ps and top share: which rows of a live view are shown,
// and which credentials its server gets.
type viewFlags struct {
	query       remote.Query
	credentials remote.Credentials
}

const viewHelp = `
The program is given by its process id, if it is one of your own on this machine
and calls taskhttp.Handler.ListenLocal (heirloom ps lists those), or by the address
of its live view: host:port, :port, or a URL. A URL may have the parameters match,
sort and root of the page.

--match keeps the tasks that have all of the words in their name, #ID, function,
state, variables, what they wait for or where they were started, and the tasks
around these. --sort shows a list instead of a tree.

Credentials are read from files or a variable, never from the command line, which
others can see. They are sent over https, or to this machine, and redirects are not
followed.`

func (f *viewFlags) declare(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.query.Match, "match", "", "show only tasks with all of these `words`")
	flags.StringVar(&f.query.Sort, "sort", "", "sort by `key`: id, name, state, age, deadline or waiting; -key is the reverse")
	flags.Uint64Var(&f.query.Root, "root", 0, "show only the task with this `ID` and what is in it")
	if flags.Lookup("token") == nil { // ps has --token and --ca for a hub, too
		flags.StringVar(&f.credentials.TokenFile, "token", "", "send the bearer token that is in `file`")
		flags.StringVar(&f.credentials.CA, "ca", "", "trust the authorities in `file`, in PEM, instead of the system's")
	}
	flags.StringVar(&f.credentials.TokenEnv, "token-env", "", "send the bearer token that is in the environment variable `name`")
	flags.StringVar(&f.credentials.Headers, "headers", "", "send the header lines that are in `file`")
	flags.BoolVar(&f.credentials.Netrc, "netrc", false, "send user and password from ~/.netrc, or the file that NETRC names")
	flags.StringVar(&f.credentials.Cert, "cert", "", "identify with the certificate in `file`, in PEM")
	flags.StringVar(&f.credentials.Key, "key", "", "the `file` with the certificate's key")
	_ = c.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(sortKeys, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	c.ValidArgsFunction = completeProgram
}

var sortKeys = []string{"tree", "id", "name", "state", "age", "deadline", "waiting"}

// check returns what is wrong with the flags themselves.
func (f *viewFlags) check() error {
	key := strings.TrimPrefix(f.query.Sort, "-")
	if key != "" && !slices.Contains(sortKeys, key) || f.query.Sort == "-tree" {
		return unknown("sort", f.query.Sort, sortKeys, "it can be "+strings.Join(sortKeys, ", "))
	}
	return nil
}

// flat reports whether the rows are a list rather than a tree.
func (f *viewFlags) flat() bool { return f.query.Sort != "" && f.query.Sort != "tree" }

// open returns a client for the program that args name.
func (f *viewFlags) open(arg string) (*remote.Client, remote.Target, error) {
	target, err := remote.Parse(arg)
	if err != nil {
		// There may be secrets in it, and messages are kept.
		arg, _, _ = strings.Cut(arg, "?")
		shown := strconv.Quote(arg)
		if user := strings.LastIndex(arg, "@"); user >= 0 {
			shown = strconv.Quote("…" + arg[user:])
		}
		return nil, target, usagef("address %s: %w; give a process id, host:port, as localhost:8080, or a URL", shown, err)
	}
	// What flags say has precedence.
	f.query.Match = cmp.Or(f.query.Match, target.Query.Match)
	f.query.Sort = cmp.Or(f.query.Sort, target.Query.Sort)
	f.query.Root = cmp.Or(f.query.Root, target.Query.Root)
	if err := f.check(); err != nil {
		return nil, target, err
	}
	client, err := remote.New(target, f.credentials)
	if err != nil {
		return nil, target, &usageError{err}
	}
	return client, target, nil
}

// completeProgram completes process ids.
func completeProgram(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var ids []cobra.Completion
	if len(args) == 0 {
		programs, _ := listPrograms(c.Context())
		for _, p := range programs {
			ids = append(ids, cobra.CompletionWithDesc(strconv.Itoa(p.PID), display.Line(p.Name)))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
