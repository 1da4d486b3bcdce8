// Command soak runs one service that has everything in which variables could be
// mixed up, with many clients and with faults put in, and checks that whatever
// came of a request bears that request's identity.
//
//	HEIRLOOM_POSTGRES_DSN=postgres://… go run ./bench/soak -for 10m
//	… go run ./cmd/heirloom exact go run ./bench/soak -for 10m
//
// In it are chi, gRPC, transactions on PostgreSQL, log/slog, spans of a tracer
// that labels goroutines, a pool of goroutines, errgroup, cron, singleflight, a
// cache with a lazily started janitor, and HTTP clients on kept-alive connections.
// Connections are cut, handlers panic, time out and call Goexit, profiles and
// traces are taken, the garbage collector works under pressure, and the server is
// told to stop, by SIGTERM, and started again.
//
// It prints what it counted. It ends with 1 if one thing bore another identity, an
// error was lost, or the heap or the number of goroutines grew, and with 2 if it
// could not begin. Bare jobs in a pool that somebody else started read their
// starter's plain variables, as the README's first limit says: they are counted
// apart, and must never read a variable for identity of somebody else.
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
