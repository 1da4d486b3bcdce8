// Command soak runs one service that contains everything in which variables could be
// mixed up, with many clients and injected faults. It checks that every effect of a
// request has that request's identity.
//
//	HEIRLOOM_POSTGRES_DSN=postgres://… go run ./bench/soak -for 10m
//	… go run ./cmd/heirloom exact go run ./bench/soak -for 10m
//
// The service uses chi, gRPC, transactions on PostgreSQL, log/slog, spans of a tracer
// that labels goroutines, a pool of goroutines, errgroup, cron, singleflight, a cache
// with a lazily started janitor, and HTTP clients on kept-alive connections.
// Connections are cut, handlers panic, time out and call Goexit, profiles and traces
// are taken, the garbage collector works under pressure, and the server is stopped by
// SIGTERM and started again.
//
// The command prints its counts. Its exit code is 1 if an effect of a request had another
// identity, an error was lost, or the heap or the number of goroutines grew, and 2 if
// the soak could not begin. A bare job, which a pool runs without the variables of the
// request that submitted it, reads the plain variables of the request that started its
// worker, as the README's first limit says. Such jobs are counted separately, and must
// never read the identity of another request.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	length := flag.Duration("for", time.Minute, "how long clients send requests")
	clients := flag.Int("clients", 32, "how many clients there are")
	dsn := flag.String("dsn", os.Getenv("HEIRLOOM_POSTGRES_DSN"), "the address of a PostgreSQL database, in which the soak makes and drops a schema of its own")
	flag.Parse()
	if flag.NArg() > 0 || *length <= 0 || *clients <= 0 || *dsn == "" {
		fmt.Fprintln(os.Stderr, "soak: give a positive -for and -clients, no arguments, and a database by -dsn or HEIRLOOM_POSTGRES_DSN")
		os.Exit(2)
	}
	found, err := run(context.Background(), *dsn, *length, *clients)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	fmt.Print(found)
	if found.failed() {
		os.Exit(1)
	}
}
