package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/service"
)

func newServe() *cobra.Command {
	var httpAddr, echoAddr string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run two small services to look into: HTTP and echo, with a live view of their tasks",
		Long: `Serve runs an HTTP service and a TCP echo service until it is interrupted. Every
request and every connection is a task; its request ID or address is a variable
that log lines carry and functions read with no parameter. Logs go to standard
error, as JSON lines.

The HTTP service answers GET / after two lookups of 100 ms, which run at the same
time, and GET /slow?for=5s after as long as you say. At /debug/tasks is the live
view of all tasks. Port 0 means any free port; the first log lines name it.`,
		Example: `  heirloom serve
  heirloom serve --http localhost:8080 --echo localhost:7000
  curl -H 'X-Request-Id: r1' localhost:8080/
  heirloom top localhost:8080`,
		Args: atMost(0),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return serve(ctx, c.ErrOrStderr(), httpAddr, echoAddr)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().StringVar(&httpAddr, "http", "localhost:8080", "`address` of the HTTP service")
	c.Flags().StringVar(&echoAddr, "echo", "localhost:7000", "`address` of the echo service")
	return c
}

// serve listens on both addresses before it starts anything, so that nothing is half
// done if one is bad.
func serve(ctx context.Context, log io.Writer, httpAddr, echoAddr string) error {
	web, err := listen("--http", httpAddr)
	if err != nil {
		return err
	}
	echo, err := listen("--echo", echoAddr)
	if err != nil {
		return errors.Join(err, web.Close())
	}
	return service.Run(ctx, slog.NewJSONHandler(log, nil), web, echo)
}

func listen(flag, addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, usagef("%s %q is not an address; give host:port, as localhost:8080", flag, addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, fmt.Errorf("cannot listen on %s %s: %w", flag, addr, err)
	}
	return l, nil
}
