// Command heirloom-hub is a NATS server with JetStream, set up for heirloom worker
// and heirloom run --on, and for programs that use package remotenats. It is for trying
// out several machines, and for small installations.
//
//	heirloom-hub                          for this machine
//	heirloom-hub --listen 0.0.0.0:4222    for others too, with TLS
//	heirloom-hub demo                     a hub, two workers, and one that is killed
//
// It makes a token, which every program needs to connect, in a file that only its user
// can read, and beyond loopback a certificate. Programs on other machines need copies
// of both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const usage = `usage: heirloom-hub [flags]        serve
       heirloom-hub demo           show a hub, two workers, and one that is killed

`

// run is the whole program. It reports a failure in one line on stderr, and returns the
// exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case len(args) > 0 && args[0] == demoWorkerArg:
		err = demoWorker(ctx, args[1:], stdin)
	case len(args) == 1 && args[0] == "demo":
		err = demo(ctx, stdout)
	default:
		err = serve(ctx, args, stdout, stderr)
	}
	var bad *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &bad):
		fmt.Fprintln(stderr, "heirloom-hub:", oneLine(err))
		return 2
	}
	fmt.Fprintln(stderr, "heirloom-hub:", oneLine(err))
	return 1
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// A usageError is a mistake in the command line; nothing was done.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// serve runs a hub until ctx ends.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	h, err := o.start(stderr)
	if err != nil {
		return err
	}
	defer h.stop()
	if _, err := fmt.Fprint(stdout, h.greeting()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// parse parses the flags.
func parse(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("heirloom-hub", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:4222", "`address` to listen on; a port of 0 takes a free one")
	flags.StringVar(&o.store, "store", "", "`folder` for jobs and outcomes (heirloom/hub in the folder for configuration)")
	flags.StringVar(&o.token, "token", "", "`file` of the token, which is made if it is missing (heirloom/hub.token there)")
	flags.StringVar(&o.cert, "cert", "", "`file` of the certificate (heirloom/hub.pem there, which is made if it is missing)")
	flags.StringVar(&o.key, "key", "", "`file` of the certificate's private key (heirloom/hub.key there)")
	flags.BoolVar(&o.insecure, "insecure", false, "do without TLS beyond loopback: everybody on the network between can then run commands on the workers")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return nil, err
	}
	switch {
	case err != nil:
		return nil, &usageError{err}
	case flags.NArg() > 0:
		return nil, &usageError{fmt.Errorf("unexpected argument %q; heirloom-hub takes demo, or flags", flags.Arg(0))}
	}
	if err := o.check(); err != nil {
		return nil, &usageError{err}
	}
	return o, nil
}
